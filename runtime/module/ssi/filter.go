package ssi

import (
	"errors"

	"github.com/sluiceproxy/sluice/runtime/httpd"
	"github.com/sluiceproxy/sluice/runtime/httpd/outbuf"
)

// encoding is how echo writes a value.
type encoding uint8

const (
	asEntities encoding = iota
	asURL
	asItIs
)

// place is where in an if command a document is.
type place uint8

const (
	outside place = iota
	inIf
	inElse
)

// defaultError is what stands in the place of a failed command.
const defaultError = "[an error occurred while processing the directive]"

// filter is the body filter of one document.
type filter struct {
	hook
	parser parser
	common *shared

	output     bool // the document is passed on here, not skipped
	chosen     bool // a branch of the if command was taken
	inBlock    bool
	in         place
	encoding   encoding
	timeFormat string
	errMessage []byte

	r    *httpd.Request // of the call under way
	next int
	out  outbuf.Buffer

	flags httpd.Out // of a piece that has become nothing
}

func newFilter(h hook) *filter {
	f := &filter{hook: h, output: true, timeFormat: defaultDate, errMessage: []byte(defaultError)}
	f.parser.valueLen = int(h.c.valueLen)
	return f
}

// Close implements httpd.BodyFilter.
func (f *filter) Close(*httpd.Request) { f.out.Drop() }

// errCommand says that a command failed: the error message takes its place.
var errCommand = errors.New("ssi: command failed")

// Filter implements httpd.BodyFilter.
func (f *filter) Filter(r *httpd.Request, o *httpd.Out, next int) error {
	f.r, f.next = r, next
	f.common, _ = (*r.Main().Ctx(f.shared)).(*shared)
	if f.common == nil { // the main request went elsewhere since
		f.common = new(shared)
		*r.Main().Ctx(f.shared) = f.common
	}
	for in := o.Mem; len(in) > 0; {
		n, out, ev := f.parser.next(in)
		in = in[n:]
		var err error
		switch ev {
		case text:
			err = f.text(out)
		case command:
			err = f.command()
		case problem:
			f.problem("%s", f.parser.message)
		case broken:
			err = errCommand
		}
		if errors.Is(err, errCommand) {
			err = f.failed()
		}
		if err != nil {
			f.out.Drop()
			return err
		}
	}
	return f.end(o)
}

// end passes on what a piece has become. A flush without text is not passed on,
// as in nginx: the header waits for the document.
func (f *filter) end(o *httpd.Out) error {
	if f.out.Empty() && !o.Last {
		if !o.Recycled || len(o.Mem) == 0 || f.c.whole {
			return nil
		}
		f.flags = httpd.Out{Recycled: true}
		o = &f.flags
	} else if o.Recycled && f.c.whole {
		f.flags = httpd.Out{Last: o.Last, Flush: o.Flush}
		o = &f.flags
	}
	return f.out.End(f.r, f.next, o)
}

// pass hands bytes on, at the latest when the piece is dealt with.
func (f *filter) pass(b []byte) error { return f.out.Add(f.r, f.next, b) }

// text takes a part of the document that is no command.
func (f *filter) text(b []byte) error {
	switch {
	case f.output:
		return f.pass(b)
	case f.inBlock:
		f.addToBlock(b)
	}
	return nil
}

// addToBlock adds to the latest block of the family, as nginx does. There is none
// where the main request went elsewhere after this document's block had begun: what
// it shared until then is gone, and so is the block.
func (f *filter) addToBlock(b []byte) {
	n := len(f.common.blocks)
	if n == 0 {
		return
	}
	bl := &f.common.blocks[n-1]
	bl.body = append(bl.body, b...)
}

// failed puts the error message in the place of a command.
func (f *filter) failed() error {
	if f.c.silent || len(f.errMessage) == 0 {
		return nil
	}
	return f.pass(f.errMessage)
}

// problem logs what is wrong with the document.
func (f *filter) problem(format string, args ...any) { f.r.Errorf(nil, format, args...) }
