package diskfile

import (
	"bufio"
	"errors"
	"io/fs"
	"os"
	"strconv"
)

// replaceBuffer is how much [Replace] writes at a time.
const replaceBuffer = 64 << 10

// Replace makes a file and gives it the name path, in place of the file that has it: a process that
// reads path, after a crash of the machine too, finds the content of before or the whole of
// the new one. write makes that; an error of w comes back from Replace, too. Where it fails
// nothing has changed, and no file is left over. Another process may replace path at the same
// time, while a binary is replaced; the caller sees to it that no other goroutine does.
// [Failure] tells what has failed.
func Replace(path string, perm fs.FileMode, write func(w *bufio.Writer)) (err error) {
	temp := path + "." + strconv.Itoa(os.Getpid())
	f, err := os.OpenFile(temp, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, perm)
	if err != nil {
		return err
	}
	w := bufio.NewWriterSize(f, replaceBuffer)
	write(w)
	err = w.Flush()
	if err == nil {
		err = f.Sync()
	}
	if e := f.Close(); err == nil {
		err = e
	}
	if err == nil {
		err = os.Rename(temp, path)
	}
	if err != nil {
		_ = os.Remove(temp)
	}
	return err
}

// Failure tells the system call of [Replace] that failed with err, and the file it was for.
func Failure(err error) (call, path string) {
	var failed *fs.PathError
	var moved *os.LinkError
	switch {
	case errors.As(err, &failed):
		return failed.Op, failed.Path
	case errors.As(err, &moved):
		return moved.Op, moved.Old
	}
	return "write", ""
}
