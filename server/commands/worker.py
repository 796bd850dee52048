"""ruhu worker."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import click
from flask import Flask

from server.commands import upkeep
from server.config import Settings
from server.evidence import tasks
from server.imports import tasks as import_tasks
from server.policies import tasks as policy_tasks
from server.reports import tasks as export_tasks
from server.sync.push import judge_left_over


def register(main: click.Group) -> None:
    main.add_command(worker)


@click.command()
@click.option("--once", is_flag=True, help="Do what waits now, then stop.")
@click.option("--threads", default=2, show_default=True, help="How many photos at the same time.")
@click.pass_obj
def worker(app: Callable[[], Flask], once: bool, threads: int) -> None:
    """Prepare photos, write exports, weigh changes of policies, judge what a crash left, clean up after uploads."""
    flask_app = app()
    settings: Settings = flask_app.config["RUHU"]
    with flask_app.app_context():
        judge_left_over()
        done = tasks.sweep(settings, grace=timedelta(0))
        export_tasks.run_waiting(settings)
        upkeep.keep_up()
        import_tasks.run_waiting(settings)
        policy_tasks.run_waiting(settings)
    click.echo(f"处理了 {done} 张照片 · {done} photos prepared")
    if not once:
        huey = tasks.queue(flask_app).huey
        export_tasks.register(flask_app, huey)
        upkeep.register(flask_app, huey)
        import_tasks.register(flask_app, huey)
        policy_tasks.register(flask_app, huey)
        huey.create_consumer(workers=threads, max_delay=1.0, flush_locks=True).run()
