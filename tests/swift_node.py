"""One node of OpenStack Swift with its S3 door: `python swift_node.py FOLDER PORT USER SECRET`.

The four servers of a real Swift (proxy, account, container, object) in one process, as eventlet serves them. What was
answered is on the disk: a killed node goes on in the same FOLDER with everything that it had confirmed.
"""

import eventlet

eventlet.monkey_patch(thread=True)

import sys  # noqa: E402
from pathlib import Path  # noqa: E402

import eventlet.wsgi  # noqa: E402
from swift.common import utils  # noqa: E402
from swift.common.ring import RingBuilder  # noqa: E402
from swift.common.wsgi import loadapp  # noqa: E402

BACKENDS = ("account", "container", "object")

BACKEND = """
[DEFAULT]
devices = {folder}/drives
mount_check = false
swift_dir = {folder}
log_level = ERROR
[pipeline:main]
pipeline = {name}-server
[app:{name}-server]
use = egg:swift#{name}
"""

PROXY = """
[DEFAULT]
swift_dir = {folder}
log_level = ERROR
[pipeline:main]
pipeline = catch_errors cache s3api tempauth slo proxy-server
[app:proxy-server]
use = egg:swift#proxy
account_autocreate = true
[filter:catch_errors]
use = egg:swift#catch_errors
[filter:cache]
use = egg:swift#memcache
memcache_servers =
[filter:tempauth]
use = egg:swift#tempauth
user_{user} = {secret} .admin
[filter:s3api]
use = egg:swift#s3api
location = us-east-1
[filter:slo]
use = egg:swift#slo
"""


def ring(folder: Path, name: str, port: int) -> None:
    """One part of one copy on one drive."""
    builder = RingBuilder(2, 1, 0)
    place = {"ip": "127.0.0.1", "port": port, "replication_ip": "127.0.0.1", "replication_port": port}
    builder.add_dev({"id": 0, "region": 1, "zone": 1, "weight": 1.0, "device": "d1", "meta": "", **place})
    builder.rebalance()
    builder.get_ring().save(str(folder / f"{name}.ring.gz"))


def load(folder: Path, name: str, text: str) -> object:
    conf = folder / f"{name}.conf"
    conf.write_text(text)
    return loadapp(str(conf))


def main(folder: Path, port: int, user: str, secret: str) -> None:
    (folder / "drives" / "d1").mkdir(parents=True, exist_ok=True)
    (folder / "swift.conf").write_text("[swift-hash]\nswift_hash_path_suffix = ruhu\n")
    utils.set_swift_dir(str(folder))
    pool = eventlet.GreenPool()
    with (folder / "log").open("a") as log:
        for name in BACKENDS:
            listener = eventlet.listen(("127.0.0.1", 0))
            ring(folder, name, listener.getsockname()[1])
            app = load(folder, name, BACKEND.format(folder=folder, name=name))
            pool.spawn(eventlet.wsgi.server, listener, app, log)
        proxy = load(folder, "proxy", PROXY.format(folder=folder, user=user.replace(":", "_"), secret=secret))
        pool.spawn(eventlet.wsgi.server, eventlet.listen(("127.0.0.1", port)), proxy, log)
        pool.waitall()


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]), sys.argv[3], sys.argv[4])
