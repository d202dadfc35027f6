package ssi

import (
	"github.com/sluiceproxy/sluice/runtime/httpd"
	"github.com/sluiceproxy/sluice/runtime/wire/h1"
)

// include puts another resource in the place of the command.
func (f *filter) include(v *values) error {
	wait, err := f.checkInclude(v)
	if err != nil {
		return err
	}
	uri := v[includeVirtual]
	if uri == nil {
		uri, wait = v[includeFile], true
	}
	if uri, err = f.evaluate(uri, true); err != nil {
		return err
	}
	r := f.r
	path, args, ok := h1.ParseUnsafeURI(r.Alloc(len(uri)), uri)
	if !ok {
		f.problem(`unsafe URI "%s" was detected`, uri)
		return errCommand
	}
	o := httpd.SubOptions{Waited: wait}
	if stub := v[includeStub]; stub != nil {
		b := f.common.stub(stub)
		if b == nil {
			f.problem(`"stub"="%s" for "include" not found`, stub)
			return errCommand
		}
		o.Finish = b.finish
	}
	name := lower(v[includeSet])
	if name != nil {
		if f.common.lookup(name) == nil {
			f.common.set(name, []byte{})
		}
		common := f.common
		o.Capture = true
		o.Finish = func(s *httpd.Request, rc httpd.Result) httpd.Result {
			if body := s.Captured(); s.Out.Status < 300 && body != nil {
				common.set(name, body)
			}
			return rc
		}
	}
	if err := f.out.End(r, f.next, nil); err != nil {
		return err
	}
	s := r.Include(path, args, o)
	if s == nil {
		return errCommand
	}
	if wait || name != nil {
		r.Await(s)
	}
	return nil
}

// checkInclude judges the parameters of include.
func (f *filter) checkInclude(v *values) (wait bool, err error) {
	uri, file, value := v[includeVirtual], v[includeFile], v[includeWait]
	switch {
	case uri != nil && file != nil:
		f.problem(`inclusion may be either virtual="%s" or file="%s"`, uri, file)
	case uri == nil && file == nil:
		f.problem(`no parameter in "include" SSI command`)
	case v[includeSet] != nil && v[includeStub] != nil:
		f.problem(`"set" and "stub" cannot be used together in "include" SSI command`)
	case value == nil || uri != nil && h1.EqualFold(value, "no"):
		return false, nil
	case uri == nil:
		f.problem(`"wait" cannot be used with file="%s"`, file)
	case !h1.EqualFold(value, "yes"):
		f.problem(`invalid value "%s" in the "wait" parameter`, value)
	default:
		return true, nil
	}
	return false, errCommand
}

// stub returns the first block of a name.
func (s *shared) stub(name []byte) *block {
	for i := range s.blocks {
		if string(s.blocks[i].name) == string(name) {
			b := s.blocks[i]
			return &b
		}
	}
	return nil
}

// finish puts the block in the place of a response without a body, or of an
// error.
func (b *block) finish(s *httpd.Request, rc httpd.Result) httpd.Result {
	if rc == httpd.Error || s.Main().Failed() || s.Wrote() {
		return rc
	}
	if !s.HeaderSent() {
		s.Out.ContentType = s.Parent().Out.ContentType
		s.Out.CharsetSet = s.Parent().Out.CharsetSet
		if rc := s.SendHeader(); rc != httpd.OK {
			return rc
		}
	}
	if len(b.body) > 0 {
		if err := s.Output(&httpd.Out{Mem: b.body}); err != nil {
			return httpd.Error
		}
	}
	return httpd.Done
}
