// Package openfile opens the files that requests ask for and remembers what it
// learnt about them. It stands for nginx's core/ngx_open_file_cache.c and adds a
// cache of small files' contents that nginx does not have.
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
// Contents are kept only of files whose inode has not changed for a moment, for
// the clock of a file system ticks slower than files can be edited. What is written
// through a mapping changes no time that stat tells: contents are read again after
// a second (with FileCache: at the first look after it).
//
// Not supported: directio and read_ahead (advice to the page cache), and
// open_file_cache_events (kqueue only in nginx, and undocumented there).
package openfile
