// Package base is the table behind nginx's geo blocks: values by networks or by
// ranges of IPv4 addresses. It reads the block's items and does not depend on
// requests, so that http and stream can share it.
//
//	b := base.Read(cmd) // reports what is wrong through cmd
//	v := b.Find(addr)
//
// Both forms end as one sorted list of the addresses at which the value
// changes, one for IPv4 and one for IPv6; a lookup is a binary search.
//
// Not supported: nginx's binary bases (a ranges block's include of more than
// 100000 entries, kept as FILE.bin). The text is read instead; FILE.bin is
// neither read nor written.
package base
