package tlsconf

import (
	"bytes"
	"encoding/base64"
	"errors"
)

// A pemBlock is one section of a PEM file.
type pemBlock struct {
	label string // CERTIFICATE
	proc  string // value of DEK-Info, when the body is encrypted in the old way
	der   []byte
}

var (
	errPEMEnd    = errors.New("bad end line")
	errPEMBase64 = errors.New("bad base64 decode")
)

// nextPEM returns the first block of data and what follows it; ok is false when
// there is no further "-----BEGIN" line. Text between blocks is passed over.
// Unlike encoding/pem, and like OpenSSL, a malformed block is an error and not
// text: a chain with a damaged link must not load without it.
func nextPEM(data []byte) (block pemBlock, rest []byte, ok bool, err error) {
	var line []byte
	for {
		if len(data) == 0 {
			return block, nil, false, nil
		}
		line, data = cutLine(data)
		if label, found := armour(line, "-----BEGIN "); found {
			block.label = string(label)
			break
		}
	}
	var body []byte
	header := false
	for {
		if len(data) == 0 {
			return block, nil, true, errPEMEnd
		}
		line, data = cutLine(data)
		if label, found := armour(line, "-----END "); found {
			if string(label) != block.label {
				return block, data, true, errPEMEnd
			}
			break
		}
		name, value, isHeader := bytes.Cut(line, []byte(": "))
		switch {
		case isHeader:
			header = true
			if string(name) == "DEK-Info" {
				block.proc = string(bytes.TrimSpace(value))
			}
		case header && len(line) == 0:
			header = false
		case !header:
			body = append(body, line...)
		}
	}
	block.der = make([]byte, base64.StdEncoding.DecodedLen(len(body)))
	n, err := base64.StdEncoding.Decode(block.der, body)
	if err != nil || n == 0 {
		return block, data, true, errPEMBase64
	}
	block.der = block.der[:n]
	return block, data, true, nil
}

// cutLine splits data after its first line, which is returned without trailing
// white space.
func cutLine(data []byte) (line, rest []byte) {
	line, rest, _ = bytes.Cut(data, []byte{'\n'})
	return bytes.TrimRight(line, " \t\r\n"), rest
}

// armour returns the label of a line that begins or ends a block.
func armour(line []byte, prefix string) (label []byte, ok bool) {
	label, ok = bytes.CutPrefix(line, []byte(prefix))
	if !ok {
		return nil, false
	}
	return bytes.CutSuffix(label, []byte("-----"))
}

// pemQueue is what OpenSSL says about a malformed block.
func pemQueue(err error) string {
	if errors.Is(err, errPEMBase64) {
		return errBadBase64
	}
	return errBadEndLine
}
