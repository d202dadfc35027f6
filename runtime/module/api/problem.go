package api

import (
	"strconv"

	"github.com/sluiceproxy/sluice/runtime/httpd"
)

// problem is an answer that is an error: a status, a text and the code of the API.
type problem struct {
	status     httpd.Result
	text, code string
}

func (p *problem) Error() string { return p.text }

// reference is what answers with an error name.
const reference = "https://nginx.org/en/docs/http/ngx_http_api_module.html"

// show is the answer.
func (p *problem) show(r *httpd.Request) object {
	return object{
		{"error", object{{"status", int(p.status)}, {"text", p.text}, {"code", p.code}}},
		{"request_id", string(r.RequestID())},
		{"href", reference},
	}
}

// The errors that do not name what they are about.
var (
	errVersion     = &problem{httpd.StatusNotFound, "unknown version", "UnknownVersion"}
	errPath        = &problem{httpd.StatusNotFound, "path not found", "PathNotFound"}
	errMethod      = &problem{httpd.StatusNotAllowed, "method disabled", "MethodDisabled"}
	errJSON        = &problem{415, "invalid JSON", "JsonError"}
	errBody        = &problem{httpd.StatusBadRequest, "reading request body failed", "BodyReadError"}
	errTooLarge    = &problem{413, "request body is too large", "BodyTooLarge"}
	errCrossSite   = &problem{httpd.StatusForbidden, "the request comes from another site", "CrossSiteRequest"}
	errNoContent   = &problem{status: httpd.StatusNoContent} // success without a body
	errServerZone  = &problem{httpd.StatusNotFound, "server zone not found", "ServerZoneNotFound"}
	errLocation    = &problem{httpd.StatusNotFound, "location zone not found", "LocationZoneNotFound"}
	errLimitReq    = &problem{httpd.StatusNotFound, "limit_req not found", "LimitReqNotFound"}
	errLimitConn   = &problem{httpd.StatusNotFound, "limit_conn not found", "LimitConnNotFound"}
	errCache       = &problem{httpd.StatusNotFound, "cache not found", "CacheNotFound"}
	errSlab        = &problem{httpd.StatusNotFound, "slab not found", "SlabNotFound"}
	errWorker      = &problem{httpd.StatusNotFound, "worker not found", "WorkerNotFound"}
	errUpstream    = &problem{httpd.StatusNotFound, "upstream not found", "UpstreamNotFound"}
	errStatic      = &problem{httpd.StatusBadRequest, "upstream is static", "UpstreamStatic"}
	errServerID    = &problem{httpd.StatusBadRequest, "invalid server ID", "UpstreamBadServerId"}
	errKeyval      = &problem{httpd.StatusNotFound, "keyval not found", "KeyvalNotFound"}
	errKey         = &problem{httpd.StatusNotFound, "keyval key not found", "KeyvalKeyNotFound"}
	errKeyExists   = &problem{httpd.StatusConflict, "key already exists", "KeyvalKeyExists"}
	errKeyFormat   = &problem{httpd.StatusBadRequest, "invalid key format", "KeyvalFormatError"}
	errKeyRequired = &problem{httpd.StatusBadRequest, "key required", "KeyvalFormatError"}
	errKeyTimeout  = &problem{httpd.StatusBadRequest, "keyval timeout is not enabled", "KeyvalFormatError"}
	errOneAdded    = &problem{httpd.StatusBadRequest, "only one key can be added", "KeyvalFormatError"}
	errOneUpdated  = &problem{httpd.StatusBadRequest, "only one key can be updated", "KeyvalFormatError"}
)

// badServer is a parameter of a server that is refused.
func badServer(text, code string) *problem {
	return &problem{httpd.StatusBadRequest, text, code}
}

func noServer(id int) *problem {
	return &problem{httpd.StatusNotFound, `server with ID "` + strconv.Itoa(id) + `" does not exist`, "UpstreamServerNotFound"}
}
