package header

import (
	"bytes"

	"github.com/sluiceproxy/sluice/runtime/wire/h1"
)

// MediaType returns ContentType without the charset parameter, and what follows
// it, of a type that an upstream server sent.
func (o *Out) MediaType() []byte {
	v := o.ContentType
	if o.CharsetSet {
		return v
	}
	for at := 0; ; {
		i := bytes.IndexByte(v[at:], ';')
		if i < 0 {
			return v
		}
		end := at + i
		at = end + 1
		for at < len(v) && v[at] == ' ' {
			at++
		}
		if len(v)-at >= len(charsetParam) && h1.EqualFold(v[at:at+len(charsetParam)], charsetParam) {
			return v[:end]
		}
	}
}

const charsetParam = "charset="

// SetCharset makes name the charset of the response. A charset that
// ContentType itself names stays; see [Out.ReplaceCharset].
func (o *Out) SetCharset(name []byte) {
	o.Charset = name
	o.CharsetSet = o.CharsetSet || len(o.MediaType()) == len(o.ContentType)
}

// ReplaceCharset makes name the charset of the response, also where ContentType
// named another.
func (o *Out) ReplaceCharset(name []byte) {
	o.ContentType = o.MediaType()
	o.Charset, o.CharsetSet = name, true
}
