// Package openfile opens the files that are sent to clients, and caches contents,
// descriptors and attributes. It corresponds to nginx's core/ngx_open_file_cache.c and
// adds a cache of small files' contents that nginx does not have.
//
// There are two caches, and a request uses one of them:
//
//   - Cache is always there. It keeps the bytes of small regular files. Every
//     lookup is validated by one stat(2) against device, inode, size, mtime and
//     ctime, so an edit is seen by the very next request. Other files are opened,
//     described and closed for each request, as nginx does without open_file_cache.
//   - FileCache is the open_file_cache directive: descriptors, small contents,
//     directories and (on demand) errors, trusted without any system call for
//     open_file_cache_valid.
//
// The result is an Info that the caller owns and reuses:
//
//	var info openfile.Info // lives in the pooled request
//	if cache.Open(path, &openfile.Options{}, &info) != 0 {
//	    log.Log(errlog.Error, conn, info.Err, r, "%s \"%s\" failed", info.Failed, path)
//	    return
//	}
//	defer info.Close()
//	if info.Content != nil {
//	    ... // the whole file
//	} else {
//	    ... // sendfile from info.FD
//	}
//
// Contents are cached only for files whose inode has not changed for a moment,
// because a file can be edited twice within one tick of the file system's clock.
// Writes through a mapping need not change the times that stat returns, so contents
// are read again after a second (with FileCache: at the first use after that).
//
// Not supported: directio and read_ahead (advice to the page cache), and
// open_file_cache_events (kqueue only in nginx, and undocumented there).
package openfile
