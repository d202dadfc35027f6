// Package xcrypt is crypt(3) as Debian's libcrypt (libxcrypt 4.4) has it: it hashes a password with the method, the cost
// and the salt that a stored hash names, and the result is the stored hash again if the password is the right one.
//
//	again, err := xcrypt.Hash(password, stored)
//	match := err == nil && subtle.ConstantTimeCompare(again, stored) == 1
//
// The methods, by prefix: $y$ yescrypt, $gy$ yescrypt with GOST R 34.11-2012, $7$ scrypt, $2a$ $2b$ $2x$ $2y$ bcrypt, $6$ and
// $5$ SHA-2, $sha1$ of NetBSD, $md5 of SunOS, $1$ MD5, $3$ of NT, _ of BSDi, and two salt digits for DES and bigcrypt.
//
// The bounds of what a password and a stored hash may cost are libxcrypt's: a password has less than 512 bytes, and numbers of
// rounds outside a method's range are refused. Memory is bounded by maxMemory, which is what libxcrypt's own greatest cost
// takes. testdata/vectors.txt is a table of libcrypt's answers, made by testdata/vectors.py.
//
// # Not supported
//
// Flavours of yescrypt that libxcrypt can read and never writes: another flavour than j, parallelism, time cost. ErrUnsupported.
package xcrypt
