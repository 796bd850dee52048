"""What an audit bundle says of itself. Chinese first, English second."""

README = """入户 Ruhu：照片核查包 / Photo bundle for an audit

怎么核对：解压后运行  python3 verify.py   （也可以不解压：python3 verify.py 这个包.zip）
需要 Python 3.9 以上和 cryptography：pip install cryptography
最好同时核对编号：python3 verify.py --number 导出页面上的编号
（编号是 manifest.json 的 SHA-256，导出时记在服务器的审计日志里；verify.py 最好从服务器另取一份。）

To check it: unpack it and run  python3 verify.py   (or without unpacking: python3 verify.py THIS.zip)
It needs Python 3.9 or newer and cryptography: pip install cryptography
Better still, check the number too: python3 verify.py --number THE-NUMBER-SHOWN-WITH-THE-EXPORT
(The number is the SHA-256 of manifest.json; the server keeps it in its audit log. Take verify.py from the server
or from its source rather than from a bundle that you doubt.)

photos/        原图，一个字节都没有改动 / originals, byte for byte
visits/        每次走访一个文件：拍照记录、签名、手机的公钥
               one file a visit: capture records, signatures, the phone's public key
manifest.json  每个文件的 SHA-256 / the SHA-256 of every file

照片里有人和住处，请妥善保管，用完删除。
The photos show people and their homes: keep them safe, and delete them when the audit is over.
"""
