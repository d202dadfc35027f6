package httpd

import "github.com/sluiceproxy/sluice/runtime/buf"

// The output of a subrequest family (family.go): what goes to the client, and what is kept until its place has come.

// keepLimit is how many bytes of its output a request keeps in memory before
// it waits to become active: nginx's default of output_buffers.
const keepLimit = 64 << 10

// kept is a subrequest, or a part of a request's output.
type kept struct {
	sub *Request
	b   *buf.Buf
	out Out // Mem is in b
}

// advance writes what the active member has kept, and makes the following members
// active, until it comes to one that has not ended. It runs on the goroutine of by. If
// another member is at it already, that one goes on with what there is by then.
func (f *family) advance(by *Request) {
	if f.writer != nil {
		return
	}
	for {
		r := f.active
		k := r.member
		if len(k.kept) > 0 {
			next := k.kept[0]
			k.kept[0] = kept{}
			k.kept = k.kept[1:]
			if next.sub != nil {
				f.active = next.sub
				continue
			}
			k.held -= len(next.out.Mem)
			_ = f.emit(by, &next.out)
			next.free()
			continue
		}
		if !k.ended || r == f.main {
			f.wake(r)
			return
		}
		if r.loc.Core.LogSubrequest {
			r.LogRequest()
		}
		k.done = true
		f.active = r.parent
	}
}

// output writes a piece of r's body to the client if r is active, or keeps it.
func (f *family) output(r *Request, o *Out) error {
	if r != f.main && o.Last {
		// Only the end of the main request's body ends the response.
		o.Last = false
		defer func() { o.Last = true }()
	}
	if f.main.Proto.Failed {
		return errClientGone
	}
	if f.active == r && f.writer == nil {
		return f.emit(r, o)
	}
	r.member.keep(o)
	for r.member.held > keepLimit && (f.active != r || f.writer != nil) && !o.Last && !f.main.Proto.Failed {
		f.park(r)
	}
	return nil
}

// emit passes a piece on to the main request's last filters, on the goroutine of by.
func (f *family) emit(by *Request, o *Out) error {
	m := f.main
	if m.Proto.Failed {
		return errClientGone
	}
	if o.Size() == 0 && !o.Last && !o.Flush && !o.Recycled {
		return nil
	}
	i := 0
	for i < len(m.filters) && !m.filters[i].place.behindPostpone {
		i++
	}
	f.writer = by
	err := m.pass(i, o)
	f.writer = nil
	return err
}

// keep appends a piece to the kept output. A range of a file is kept as a range: its
// request keeps the file open until the family ends.
func (k *member) keep(o *Out) {
	if o.Size() == 0 && !o.Last && !o.Flush && !o.Recycled {
		return
	}
	k.held += len(o.Mem)
	if n := len(k.kept); n > 0 && !o.IsFile {
		if l := &k.kept[n-1]; l.b != nil && len(l.out.Mem)+len(o.Mem) <= len(l.b.B) {
			at := len(l.out.Mem)
			l.out.Mem = l.b.B[:at+copy(l.b.B[at:], o.Mem)]
			l.out.Last, l.out.Flush, l.out.Recycled = o.Last, l.out.Flush || o.Flush, l.out.Recycled || o.Recycled
			return
		}
	}
	p := kept{out: *o}
	if len(o.Mem) > 0 {
		p.b = buf.Sized(max(len(o.Mem), keepSize))
		p.out.Mem = p.b.B[:copy(p.b.B, o.Mem)]
	}
	k.kept = append(k.kept, p)
}

// keepSize is the least size of a buffer for output that is kept.
const keepSize = 4096

func (p *kept) free() {
	if p.b != nil {
		p.b.Free()
		p.b = nil
	}
}
