package raw

// Stat is what a stat call tells about a file, the same on every system.
type Stat struct {
	Dev, Ino  uint64
	Size      int64
	Blocks    int64 // of 512 bytes, as allocated on disk
	Mtime     int64 // last change of the contents, nanoseconds since 1970
	Ctime     int64 // last change of the inode, nanoseconds since 1970
	Mode      uint32
	UID       uint32
	WholeSecs bool // Ctime has no fraction: the file system may count whole seconds only
}
