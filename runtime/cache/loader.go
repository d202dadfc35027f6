package cache

import (
	"encoding/hex"
	"errors"
	"io/fs"
	"syscall"
	"time"

	"golang.org/x/sys/unix"

	"github.com/sluiceproxy/sluice/runtime/clock"
	"github.com/sluiceproxy/sluice/runtime/diskfile"
	"github.com/sluiceproxy/sluice/runtime/errlog"
	"github.com/sluiceproxy/sluice/runtime/internal/raw"
)

// The loader puts the files of an earlier process into the index. It is nginx's cache loader
// process as a goroutine of the zone. It reads names and sizes; what is in a file is checked when
// it is asked for. Until the loader has seen all files a key that is not in the index is looked
// for on disk. It looks into the folders that levels= make only, and at names of entries only:
// files of others are left alone (docs/adr/0040).

// abandoned is how old a temporary file beside an entry is when it belongs to no process any more.
const abandoned = time.Hour

// loading is a run of the loader.
type loading struct {
	z       *Zone
	o       *Options
	run     run
	foreign int // files that are not the cache's
}

// loadAll is the loader's goroutine.
func (z *Zone) loadAll() {
	o := z.opts.Load()
	l := &loading{z: z, o: o, run: begin(&o.Loader)}
	if !l.folder(o.Dir, 0, "") {
		return
	}
	z.cold.Store(false)
	z.Logf(errlog.Notice, nil, "http file cache: %s %.3fM, bsize: %d", o.Dir, float64(z.blocks.Load())*float64(z.block)/(1<<20), z.block)
	if l.foreign > 0 {
		z.Logf(errlog.Warn, nil, `%d names in "%s" are not of this cache and are left alone`, l.foreign, o.Dir)
	}
}

// folder loads the files below dir, which is at a level. digits is what the folders so far have
// taken off the end of a name. False: Close was called.
func (l *loading) folder(dir string, level int, digits string) bool {
	d, err := diskfile.OpenDir(dir)
	if err != nil {
		if level == 0 || !errors.Is(err, syscall.ENOENT) {
			l.z.Logf(errlog.Crit, err, `opendir() "%s" failed`, dir)
		}
		return true
	}
	defer func() { _ = d.Close() }()
	inner := level < len(l.o.Levels) && l.o.Levels[level] > 0
	goOn := true
	diskfile.Names(l.z, d, func(name []byte, kind fs.FileMode) bool {
		switch {
		case !inner:
			l.file(dir, name, kind, digits)
			goOn = l.pause()
		case len(name) == l.o.Levels[level] && isHex(name) && (kind.IsDir() || kind == diskfile.UnknownType):
			goOn = l.folder(dir+"/"+string(name), level+1, string(name)+digits)
		default:
			l.foreign++
		}
		return goOn
	})
	return goOn
}

// pause makes a break when it is time. False: Close was called.
func (l *loading) pause() bool {
	if !l.run.over() {
		return !l.z.stopped() && !l.z.paused.Load()
	}
	ok := l.z.sleep(l.o.Loader.Sleep) && !l.z.paused.Load()
	l.run = begin(&l.o.Loader)
	return ok
}

// file loads one file.
func (l *loading) file(dir string, name []byte, kind fs.FileMode, digits string) {
	temp := len(name) == keyDigits+1+diskfile.TempDigits && name[keyDigits] == '.'
	var key Key
	if len(name) < keyDigits || len(name) > keyDigits && !temp || kind != 0 && kind != diskfile.UnknownType ||
		!isHex(name[:keyDigits]) || string(name[keyDigits-len(digits):keyDigits]) != digits {
		l.foreign++
		return
	}
	_, _ = hex.Decode(key[:], name[:keyDigits]) // isHex
	path := dir + "/" + string(name)
	var st raw.Stat
	if raw.Statat(unix.AT_FDCWD, append([]byte(path), 0), unix.AT_SYMLINK_NOFOLLOW, &st) != 0 {
		return // removed meanwhile
	}
	switch {
	case st.Mode&syscall.S_IFMT != syscall.S_IFREG:
		l.foreign++
	case temp:
		if time.Since(time.Unix(0, st.Mtime)) > abandoned {
			remove(l.z, path)
		}
	case st.Size < fixedSize:
		l.z.Logf(errlog.Crit, nil, `cache file "%s" is too small`, path)
		remove(l.z, path)
	case !l.z.addFile(&key, &st):
		l.z.index.setWatermark()
		l.z.logFull()
		remove(l.z, path)
	}
}

// isHex reports whether a name has nothing but small hexadecimal digits.
func isHex(name []byte) bool {
	for _, c := range name {
		if (c < '0' || c > '9') && (c < 'a' || c > 'f') {
			return false
		}
	}
	return true
}

// addFile puts a file that was found into the index. False: the index is full.
func (z *Zone) addFile(key *Key, st *raw.Stat) bool {
	s, now := z.index.shard(key), clock.Mono()
	s.mu.Lock()
	defer s.mu.Unlock()
	n := s.nodes[*key]
	if n == nil {
		if z.index.count.Add(1) > z.index.max {
			z.index.count.Add(-1)
			return false
		}
		n = s.add(key, now)
	}
	s.touch(n, now)
	if !n.exists && !n.busy {
		n.exists = true
		n.uses = max(n.uses, 1)
		z.setBlocks(n, z.blocksOf(st))
	}
	return true
}
