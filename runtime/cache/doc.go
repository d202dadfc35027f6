// Package cache is the store of responses behind the *_cache directives: an index of
// keys in memory, a file for each entry, the loader that reads the files of an earlier
// process, the manager that keeps the sizes, and the lock that lets one request fill an
// entry. It corresponds to nginx's http/ngx_http_file_cache.c. It is independent of
// gateways, and of HTTP except for what it keeps beside a response ([Meta]).
//
// A [Zone] is what keys_zone= names. It is carried over a change of configuration by its
// name ([Take]). A request holds a key by a [Ref], which it keeps in its own state and
// releases once:
//
//	var ref cache.Ref     // in the pooled request, like e
//	var e cache.Entry
//	q := cache.Query{Key: cache.KeyOf(text), Text: text, MinUses: 1, Owner: r}
//	again:
//	switch zone.Open(&ref, &q, &e) {
//	case cache.Found: // e.Meta says until when it is fresh; a variant: Release, and Open with its key
//		if e.Valid < now && ref.Update() {
//			... // expired, and this request is the one that updates it
//		}
//		... // send e.Head and e.Body, or e.FD from e.Off on
//		e.Close()
//	case cache.StatusOnly: // answer with ref.Status()
//	case cache.Miss:
//		if lockOn && !ref.Lock(age) {
//			switch ref.Wait(age, timeout, gone) {
//			case cache.Filled, cache.TimedOut: // TimedOut: a miss is not stored then
//				goto again // it counts no second use
//			}
//		}
//		var f cache.Fill
//		if ref.Create(&f, &q, &meta, head) {
//			f.Write(body) ...
//			f.Commit() // or f.Abort()
//		}
//	case cache.Scarce: // too few uses: the response is not stored
//	}
//	ref.Release() // in every case, at the end
//
// # Files
//
// An entry is the file DIR/levels/MD5 in nginx's folders with nginx's name, so that
// programs that count, list or remove such files work as before. The format of the file is
// different (format.go) and has checksums: a truncated or edited file, or one of another
// program, is a miss. It is written under a temporary name and renamed. A file that is
// removed by hand is a miss (docs/adr/0040 says how soon).
//
// # Memory
//
// The number of keys is bounded by the zone's size, as in nginx: about 8,000 per megabyte.
// The hot set (hot.go) keeps images, which are files as they were read, of entries that are
// requested: up to [MaxContent] bytes in memory, in all as many bytes as the zone's size,
// and of larger entries at most [maxDescriptors] open descriptors.
package cache
