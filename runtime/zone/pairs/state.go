package pairs

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"strconv"
	"sync"
	"time"

	"github.com/sluiceproxy/sluice/parser"
	"github.com/sluiceproxy/sluice/runtime/clock"
	"github.com/sluiceproxy/sluice/runtime/diskfile"
	"github.com/sluiceproxy/sluice/runtime/errlog"
)

// saveDelay is how long a change waits for others before the state file is
// written, retryDelay how long the store waits after a failure.
const (
	saveDelay  = time.Second
	retryDelay = 10 * time.Second
)

// stateFile writes the state file of a store. Its fields but writing belong to
// the lock of the store.
type stateFile struct {
	store   *Store
	dirty   bool        // there are changes that are not written
	timer   *time.Timer // nil: it does not run
	writing sync.Mutex  // held while the file is written; taken before the store's
}

// changed notes a change. The caller holds the store's lock.
func (f *stateFile) changed() {
	if f.store.opt.State == "" {
		return
	}
	f.dirty = true
	f.after(saveDelay)
}

func (f *stateFile) after(d time.Duration) {
	if f.timer == nil && !f.store.closed {
		f.timer = time.AfterFunc(d, f.save)
	}
}

// save writes the file, if there are changes.
func (f *stateFile) save() {
	f.writing.Lock()
	defer f.writing.Unlock()
	s := f.store
	s.mu.Lock()
	if f.timer != nil {
		f.timer.Stop()
		f.timer = nil
	}
	dirty, opt := f.dirty, s.opt
	f.dirty = false
	var all []*record
	if dirty && opt.State != "" {
		s.purge()
		all = s.records()
	}
	s.mu.Unlock()
	if !dirty || opt.State == "" {
		return
	}
	// Pairs may be secrets.
	err := diskfile.Replace(opt.State, 0o600, func(w *bufio.Writer) { appendState(w, all) })
	if err != nil {
		op, path := diskfile.Failure(err)
		opt.Log.Log(errlog.Crit, 0, err, nil, `%s() "%s" failed, the state of keyval zone "%s" is not saved`, op, path, opt.Name)
		s.mu.Lock()
		f.dirty = true
		f.after(retryDelay)
		s.mu.Unlock()
	}
}

// Save writes what has changed since the state file was written. It returns when
// it is there.
func (s *Store) Save() { s.file.save() }

// Pause is called when this process serves no new requests any more: the file is written, since
// another process serves, which may change it.
func (s *Store) Pause() {
	s.mu.Lock()
	s.paused = true
	s.mu.Unlock()
	s.Save()
}

// Resume undoes Pause: what the file says holds. Where it cannot be read, which is logged, the pairs
// stay as they are.
func (s *Store) Resume() {
	s.mu.Lock()
	paused, opt := s.paused && s.begun, s.opt
	s.paused = false
	s.mu.Unlock()
	if !paused || opt.State == "" {
		return
	}
	read := NewStore()
	defer read.Close()
	if err := read.Begin(opt); err != nil {
		opt.Log.Log(errlog.Crit, 0, nil, nil, "%s", err)
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.reset()
	for _, p := range read.All() {
		_ = s.add(p.Key, p.Value, p.Expire) // read had the same size and type
	}
}

// Close ends the store: what has changed is written, no timer is left.
func (s *Store) Close() {
	s.mu.Lock()
	s.closed = true
	if s.sweep != nil {
		s.sweep.Stop()
		s.sweep = nil
	}
	s.mu.Unlock()
	s.file.save()
}

// appendState writes the pairs. The writer keeps its first error.
func appendState(w *bufio.Writer, all []*record) {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	text := func(v string) []byte {
		b.Reset()
		_ = enc.Encode(v) // a string of UTF-8
		return bytes.TrimSuffix(b.Bytes(), []byte("\n"))
	}
	now, wall := clock.Mono(), time.Now().UnixMilli()
	_ = w.WriteByte('{')
	for i, r := range all {
		if i > 0 {
			_ = w.WriteByte(',')
		}
		_ = w.WriteByte('\n')
		_, _ = w.Write(text(r.key))
		_, _ = w.WriteString(": ")
		v := r.value.Load()
		if v.expires == 0 {
			_, _ = w.Write(text(string(v.text)))
			continue
		}
		_, _ = w.WriteString(`{"value": `)
		_, _ = w.Write(text(string(v.text)))
		_, _ = w.WriteString(`, "expires": `)
		_, _ = w.WriteString(strconv.FormatInt(wall+(v.expires-now)/int64(time.Millisecond), 10))
		_ = w.WriteByte('}')
	}
	_, _ = w.WriteString("\n}\n")
}

// load reads the state file. What has expired since it was written is left out.
func (s *Store) load() error {
	if s.opt.State == "" {
		return nil
	}
	f, err := os.Open(s.opt.State)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return &parser.FileError{Op: "open()", Path: s.opt.State, Err: err}
	}
	defer f.Close()
	if err := s.read(f); err != nil {
		return fmt.Errorf(`keyval zone "%s": state file "%s": %w`, s.opt.Name, s.opt.State, err)
	}
	return nil
}

// read adds what a state file says.
func (s *Store) read(r io.Reader) error {
	d := json.NewDecoder(bufio.NewReaderSize(r, 64<<10))
	if t, err := d.Token(); err != nil || t != json.Delim('{') {
		return Error("not an object of JSON")
	}
	wall := time.Now().UnixMilli()
	for d.More() {
		t, err := d.Token()
		if err != nil {
			return err
		}
		key, _ := t.(string)
		var m member
		if err := d.Decode(&m); err != nil {
			return fmt.Errorf(`key "%s": %w`, key, err)
		}
		var left time.Duration
		if m.expires != 0 {
			if left = time.Duration(m.expires-wall) * time.Millisecond; left <= 0 {
				continue
			}
			if s.opt.Timeout == 0 { // it had one when the file was written
				left = 0
			}
		}
		if err := s.add(key, m.value, left); err != nil {
			return fmt.Errorf(`key "%s": %w`, key, err)
		}
	}
	if _, err := d.Token(); err != nil {
		return Error("cut short")
	}
	return nil
}

// member is the value of a key in a state file.
type member struct {
	value   string
	expires int64
}

// UnmarshalJSON implements json.Unmarshaler.
func (m *member) UnmarshalJSON(b []byte) error {
	if len(b) > 0 && b[0] == '"' {
		return json.Unmarshal(b, &m.value)
	}
	var v struct {
		Value   *string `json:"value"`
		Expires int64   `json:"expires"`
	}
	if err := json.Unmarshal(b, &v); err != nil {
		return err
	}
	if v.Value == nil {
		return Error(`no "value"`)
	}
	m.value, m.expires = *v.Value, v.Expires
	return nil
}
