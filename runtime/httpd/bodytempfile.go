package httpd

import (
	"github.com/sluiceproxy/sluice/runtime/buf"
	"github.com/sluiceproxy/sluice/runtime/errlog"
	"github.com/sluiceproxy/sluice/runtime/httpd/settings"
)

// memoryLimit returns up to which size the body stays in memory. That is
// client_body_buffer_size and, as in nginx, what came with the header or fits
// its buffer, or exceeds the body's buffer by less than a quarter.
func (r *Request) memoryLimit() int64 {
	size := r.loc.Core.BodyBufferSize
	received, room := r.carrier.BodyAhead()
	if r.In.Chunked {
		return size + received
	}
	if rest := r.In.ContentLength - received; rest <= room || rest < size+size/4 {
		return max(size, r.In.ContentLength)
	}
	return size
}

// keepPiece adds a piece to the body in memory, which has at most limit bytes.
func (r *Request) keepPiece(piece []byte, limit int64) []byte {
	b := &r.Body
	at := int(b.Size) - len(piece)
	if b.store == nil || len(b.store.B) < at+len(piece) {
		size := int(limit)
		if cl := r.In.ContentLength; cl > 0 && cl < int64(size) {
			size = int(cl)
		} else if cl < 0 {
			size = min(size, max(2*(at+len(piece)), 4096))
		}
		grown := buf.Sized(max(size, at+len(piece)))
		if b.store != nil {
			copy(grown.B, b.store.B[:at])
			b.store.Free()
		}
		b.store = grown
	}
	copy(b.store.B[at:], piece)
	return piece
}

// spill moves the body to a temporary file and adds a piece to it.
func (r *Request) spill(piece []byte, inMemory int64) error {
	b := &r.Body
	if b.File == nil {
		f, err := r.loc.Core.BodyTemp.Create(r)
		if err != nil {
			return err
		}
		b.File = f
		b.keepFile = r.bodyInFile == settings.BodyFileOn && !b.inFile
		lv := errlog.Warn
		if r.loc.Core.BodyInFile != settings.BodyFileOff {
			lv = errlog.Notice
		}
		if !b.inFile && inMemory+int64(len(piece)) > 0 { // nothing is buffered of an empty body
			r.Logf(lv, nil, "a client request body is buffered to a temporary file %s", f.Name())
		}
		if inMemory > 0 {
			if _, err := f.Write(b.store.B[:inMemory]); err != nil {
				r.Logf(errlog.Crit, err, `pwrite() "%s" failed`, f.Name())
				return err
			}
		}
		if b.store != nil {
			b.store.Free()
			b.store = nil
		}
	}
	if _, err := b.File.Write(piece); err != nil {
		r.Logf(errlog.Crit, err, `pwrite() "%s" failed`, b.File.Name())
		return err
	}
	return nil
}
