#!/usr/bin/env python3
"""Writes vectors.txt: what libcrypt answers to passwords and settings, all as hexadecimal digits or `-` for none.

A line is: password, setting, answer. Needs libcrypt.so.1 of libxcrypt (Debian's libcrypt1).
"""
import ctypes, pathlib, random

crypt = ctypes.CDLL("libcrypt.so.1").crypt
crypt.restype = ctypes.c_char_p
crypt.argtypes = [ctypes.c_char_p, ctypes.c_char_p]

rand = random.Random(1)
digits = "./0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"


def salt(n):
    return "".join(rand.choice(digits) for _ in range(n))


passwords = [b"", b"a", b"password", b"12345678", b"123456789", b"sixteen bytes are", bytes([0x80, 0xFF, 0xA3, 0x61]),
             "pässwörd".encode(), b"\xff\xa334", b"x" * 55, b"y" * 64, b"z" * 72, b"z" * 73, b"p" * 129, b"q" * 511, b"q" * 512]
settings = [
    "$y$j75$" + salt(8), "$y$j75$" + salt(22), "$y$j75$", "$y$j9T$" + salt(22), "$y$jAT$" + salt(22), "$y$j8.$" + salt(86),
    "$gy$j75$" + salt(8), "$gy$j85$" + salt(22), "$7$8/..../...." + salt(8), "$7$6U..../....", "$7$80....0....a$b$",
    "$2a$04$" + salt(22), "$2b$05$" + salt(22), "$2x$04$" + salt(22), "$2y$04$" + salt(22), "$2b$03$" + salt(22),
    "$2b$32$" + salt(22), "$2b$04$" + salt(21),
    "$6$" + salt(16), "$6$rounds=1000$" + salt(4), "$6$rounds=999$" + salt(4), "$6$rounds=01000$" + salt(4), "$6$",
    "$5$" + salt(16), "$5$rounds=1234$" + salt(20), "$5$rounds=99999999999$x", "$5$rounds=1000", "$5$a-b{c}$",
    "$sha1$1$" + salt(8), "$sha1$77$" + salt(64) + "$", "$sha1$0$a", "$sha1$$a", "$sha1$10$",
    "$md5$" + salt(8), "$md5$" + salt(8) + "$", "$md5,rounds=55$" + salt(8) + "$$x", "$md5,rounds=055$a", "$md5,$a$x", "$md5",
    "$1$" + salt(8), "$1$", "$1$" + salt(12) + "$x", "$3$", "$3$$x", "_J9.." + salt(4), "_...." + salt(4), "_/...a",
    "ab", "./", "zZ" + salt(11), "zZ" + salt(12), "zZ" + salt(40), "a", "a:", "", "*0", "*1", "$", "$2$", "$9$x", "$1$a:b", "$5$a;b",
    "$1$a b", "$y$", "$y$j", "$y$j7", "$y$j75", "$y$j75$a", "$y$j75$az", "$y$j./$abcd", "$7$", "$7$8/..../..../-", "$gy$", "$5$\x7f",
]
rows = []
for i, setting in enumerate(settings):
    for j, password in enumerate(passwords):
        # Each setting with some of the passwords, and each of the first ones, which are cheap, with all.
        if "j9T" in setting or "jAT" in setting:
            if j not in (2, 6):
                continue
        elif (i + j) % 3 and j < 14 and not setting.startswith("$2"):
            continue
        answer = crypt(password, setting.encode("latin-1"))
        rows.append(" ".join(v.hex() or "-" for v in (password, setting.encode("latin-1"), answer or b"")))
        # The answer as the setting, as it is where a password is verified.
        if answer and answer[:1] != b"*":
            rows.append(" ".join(v.hex() or "-" for v in (password, answer, crypt(password, answer))))
pathlib.Path(__file__).with_name("vectors.txt").write_text("\n".join(rows) + "\n")
