package healthcheck

import (
	"encoding/binary"
	"strconv"

	"github.com/sluiceproxy/sluice/runtime/conf"
	"github.com/sluiceproxy/sluice/runtime/httpd"
	"github.com/sluiceproxy/sluice/runtime/httpd/pass"
)

// grpcCheck is what type=grpc says: a call of gRPC's health checking protocol.
type grpcCheck struct {
	service string // grpc_service: whose health is asked for; "": the server's
	status  int    // grpc_status: a status that is as good; 0: none
	message []byte // of the call
}

var grpcURI = []byte("/grpc.health.v1.Health/Check")

// grpcLimit is how much of a response is read. It is a message of two bytes.
const grpcLimit = 4096

// parameter reads a parameter that follows type=grpc.
func (c *grpcCheck) parameter(name, value string) (ok bool) {
	switch name {
	case "grpc_service":
		c.service = value
		return true
	case "grpc_status":
		c.status, ok = conf.ParseInt(value)
		return ok && c.status > 0
	}
	return false
}

// messageHead is the size of what precedes a message: whether it is compressed, and its length.
const messageHead = 5

// finish makes the message, HealthCheckRequest: the service is its field 1.
func (c *grpcCheck) finish() {
	var fields []byte
	if c.service != "" {
		fields = binary.AppendUvarint([]byte{1<<3 | 2}, uint64(len(c.service)))
		fields = append(fields, c.service...)
	}
	c.message = append(binary.BigEndian.AppendUint32([]byte{0}, uint32(len(fields))), fields...)
}

// test judges a response. A service that is well has the state SERVING.
func (c *grpcCheck) test(r *httpd.Request, p *pass.Response, body []byte) bool {
	r.Action("checking response status")
	if p.Status != 200 {
		r.Errorf(nil, "unexpected status code %d", p.Status)
		return false
	}
	status, ok := statusOf(p)
	switch {
	case !ok:
		r.Errorf(nil, "no grpc-status")
		return false
	case c.status != 0 && status == c.status:
		return true
	case status != 0:
		r.Errorf(nil, "unexpected grpc-status %d", status)
		return false
	}
	if !serving(body) {
		r.Errorf(nil, "the service is not serving")
		return false
	}
	return true
}

// statusOf is grpc-status: a trailer, or a field where there is no message.
func statusOf(p *pass.Response) (status int, ok bool) {
	for _, list := range [][]pass.Field{p.Trailers, p.Fields} {
		for i := range list {
			if string(list[i].Name) == "grpc-status" {
				n, err := strconv.Atoi(string(list[i].Value))
				return n, err == nil
			}
		}
	}
	return 0, false
}

// serving reports whether a body is a HealthCheckResponse whose field 1, status, is SERVING. The last one counts.
func serving(body []byte) (yes bool) {
	if len(body) < messageHead || body[0] != 0 {
		return false
	}
	n := binary.BigEndian.Uint32(body[1:])
	if body = body[messageHead:]; uint64(n) != uint64(len(body)) {
		return false
	}
	for len(body) > 0 {
		key, size := binary.Uvarint(body)
		if size <= 0 {
			return false
		}
		value, more := binary.Uvarint(body[size:])
		if more <= 0 || key&7 != 0 {
			return false // no field of another kind is known
		}
		if body = body[size+more:]; key>>3 == 1 {
			yes = value == 1
		}
	}
	return yes
}
