package api

import (
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"slices"
	"time"

	"github.com/sluiceproxy/sluice/runtime/httpd"
	"github.com/sluiceproxy/sluice/runtime/wire/h1"
	"github.com/sluiceproxy/sluice/runtime/zone/pairs"
)

// keyvals answers for the zones of keyval_zone.
func (c *call) keyvals(path []string) (any, httpd.Result, *problem) {
	list := c.pairs.List()
	if len(path) == 0 {
		all := collection{show: func(i int) any { return pairsOf(list[i].Store.All()) }}
		for _, z := range list {
			all.names = append(all.names, z.Name)
		}
		names := c.fields
		if len(names.list) > 0 { // an object of pairs has no fields
			names = fields{}
		}
		return c.get(names.all(all), nil)
	}
	z := c.pairs.Find(path[0])
	switch {
	case len(path) > 1:
		return nil, 0, errPath
	case z == nil:
		return nil, 0, errKeyval
	}
	switch c.r.Method {
	case h1.Post:
		return c.addPairs(z.Store)
	case h1.Patch:
		return c.changePair(z.Store)
	case h1.Delete:
		z.Store.Clear()
		return nil, 0, errNoContent
	}
	if key, ok := h1.ArgValue(append([]byte(nil), c.r.Args...), "key"); ok {
		p, ok := z.Store.Find(string(unescape(key)))
		if !ok {
			return nil, 0, errKey
		}
		return pairsOf([]pairs.Pair{p}), httpd.StatusOK, nil
	}
	return pairsOf(z.Store.All()), httpd.StatusOK, nil
}

// pairsOf shows pairs in the order of their keys.
func pairsOf(list []pairs.Pair) object {
	slices.SortFunc(list, func(a, b pairs.Pair) int { return cmp.Compare(a.Key, b.Key) })
	o := make(object, 0, len(list))
	for _, p := range list {
		o.add(p.Key, p.Value)
	}
	return o
}

// change is a member of the object in a request.
type change struct {
	key    string
	remove bool    // null
	value  *string // nil: not given
	expire time.Duration
}

// addPairs answers POST: a pair is added, or several to an empty zone.
func (c *call) addPairs(s *pairs.Store) (any, httpd.Result, *problem) {
	list, p := c.changes()
	switch {
	case p != nil:
		return nil, 0, p
	case len(list) > 1 && s.Len() > 0:
		return nil, 0, errOneAdded
	}
	add := make([]pairs.Pair, len(list))
	for i, n := range list {
		if n.value == nil {
			return nil, 0, errKeyFormat
		}
		add[i] = pairs.Pair{Key: n.key, Value: *n.value, Expire: n.expire}
	}
	if err := s.AddAll(add); err != nil {
		return nil, 0, c.refused(err)
	}
	return nil, 0, &problem{status: httpd.StatusCreated}
}

// changePair answers PATCH: a pair is changed, or removed.
func (c *call) changePair(s *pairs.Store) (any, httpd.Result, *problem) {
	list, p := c.changes()
	switch {
	case p != nil:
		return nil, 0, p
	case len(list) > 1:
		return nil, 0, errOneUpdated
	}
	n, err := list[0], error(nil)
	switch {
	case n.remove:
		err = s.Delete(n.key)
	case n.value == nil && n.expire == 0:
		return nil, 0, errKeyFormat
	default:
		err = s.Change(n.key, n.value, n.expire)
	}
	if err != nil {
		return nil, 0, c.refused(err)
	}
	return nil, 0, errNoContent
}

// refused is what a change that the store refuses is answered with.
func (c *call) refused(err error) *problem {
	switch {
	case errors.Is(err, pairs.ErrExists):
		return errKeyExists
	case errors.Is(err, pairs.ErrNotFound):
		return errKey
	case errors.Is(err, pairs.ErrNoTimeout):
		return errKeyTimeout
	case errors.Is(err, pairs.ErrFull):
		return &problem{httpd.StatusBadRequest, "keyval memory exhausted", "KeyvalOutOfMemory"}
	}
	return errKeyFormat
}

// changes reads the object in the request body, which has at least one member.
func (c *call) changes() ([]change, *problem) {
	body, p := c.body()
	if p != nil {
		return nil, p
	}
	members, p := parseObject(body)
	if p != nil {
		return nil, p
	}
	list := make([]change, 0, len(members))
	for _, m := range members {
		n := change{key: m.name}
		if !n.parse(m.raw) {
			return nil, errKeyFormat
		}
		list = append(list, n)
	}
	if len(list) == 0 {
		return nil, errKeyRequired
	}
	return list, nil
}

// parse reads a value: a text, null, or an object of value and expire.
func (n *change) parse(raw json.RawMessage) bool {
	switch raw[0] {
	case '"':
		n.value = new(string)
		return json.Unmarshal(raw, n.value) == nil
	case 'n':
		n.remove = true
		return true
	case '{':
		var v struct {
			Value  *string `json:"value"`
			Expire *int64  `json:"expire"`
		}
		d := json.NewDecoder(bytes.NewReader(raw))
		d.DisallowUnknownFields()
		if d.Decode(&v) != nil || v.Expire != nil && (*v.Expire <= 0 || *v.Expire > maxExpire) {
			return false
		}
		n.value = v.Value
		if v.Expire != nil {
			n.expire = time.Duration(*v.Expire) * time.Millisecond
		}
		return true
	}
	return false
}

// maxExpire is the longest time in ms, a hundred years: no sum with it overflows.
const maxExpire = 100 * 365 * 24 * 3600 * 1000

// rawMember is a member of an object in a request.
type rawMember struct {
	name string
	raw  json.RawMessage
}

// parseObject reads an object whose names are all different.
func parseObject(body []byte) ([]rawMember, *problem) {
	if !json.Valid(body) {
		return nil, errJSON
	}
	d := json.NewDecoder(bytes.NewReader(body))
	if t, err := d.Token(); err != nil || t != json.Delim('{') {
		return nil, errKeyFormat
	}
	var list []rawMember
	seen := map[string]bool{}
	for d.More() {
		t, err := d.Token()
		name, ok := t.(string)
		if err != nil || !ok || seen[name] {
			return nil, errKeyFormat
		}
		m := rawMember{name: name}
		if d.Decode(&m.raw) != nil {
			return nil, errJSON
		}
		seen[name] = true
		list = append(list, m)
	}
	return list, nil
}
