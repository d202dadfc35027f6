package conf

// hint is a tuning directive that has no meaning here. It is accepted, its
// form is checked, and docs/directives.md lists it as without effect.
type hint struct {
	name, why string
	check     func(*Cmd) error
}

const (
	whyHash   = "tables are sized by themselves; names that nginx's would not hold are refused"
	whyPool   = "memory is pooled by size classes"
	whyPoller = "connections wait in the runtime's own poller"
	whyFile   = "file I/O is chosen by size of the file"
)

// hints lists the tuning directives by name.
var hints = []hint{
	{"accept_mutex", whyPoller, flag},
	{"accept_mutex_delay", whyPoller, msec},
	{"use", whyPoller, checkUse},
	{"multi_accept", whyPoller, flag},
	{"worker_aio_requests", whyPoller, number},
	{"epoll_events", whyPoller, number},
	{"worker_cpu_affinity", "threads are scheduled by the runtime", checkAffinity},
	{"timer_resolution", "time is read when needed", msec},
	{"lock_file", whyPoller, nothing},
	{"debug_points", "there are no debug points", debugPoints},
	{"pcre_jit", "regular expressions are compiled by the built-in engine", flag},
	{"thread_pool", whyFile, checkThreadPool},
	{"ssl_engine", "TLS is crypto/tls", nothing},
	{"aio", whyFile, checkAIO},
	{"aio_write", whyFile, flag},
	{"directio", whyFile, checkDirectIO},
	{"directio_alignment", whyFile, size},
	{"read_ahead", whyFile, size},
	{"request_pool_size", whyPool, poolSize},
	{"output_buffers", whyPool, bufs},
	{"client_body_in_single_buffer", "a buffered body is always in one buffer", flag},
	{"send_lowat", "Linux has no SO_SNDLOWAT", (*Cmd).SendLowat},
	{"server_names_hash_bucket_size", whyHash, hashSize},
	{"server_names_hash_max_size", whyHash, hashSize},
	{"types_hash_bucket_size", whyHash, hashSize},
	{"types_hash_max_size", whyHash, hashSize},
	{"variables_hash_bucket_size", whyHash, hashSize},
	{"variables_hash_max_size", whyHash, hashSize},
	{"map_hash_bucket_size", whyHash, hashSize},
	{"map_hash_max_size", whyHash, hashSize},
	{"referer_hash_bucket_size", whyHash, hashSize},
	{"referer_hash_max_size", whyHash, hashSize},
	{"proxy_headers_hash_bucket_size", whyHash, hashSize},
	{"proxy_headers_hash_max_size", whyHash, hashSize},
	{"open_file_cache_events", "the cache validates by stat", flag},
	{"gzip_hash", whyPool, size},
	{"gzip_window", "the compressor's window is fixed", size},
	{"gzip_no_buffer", whyPool, flag},
	{"postpone_gzipping", whyPool, size},
	{"gzip_buffers", whyPool, bufs},
	{"ssi_min_file_chunk", "documents are read into memory", size},
}

func hintFor(s *Spec) *hint {
	if s.Plus {
		return nil
	}
	for _, list := range [][]hint{hints, http2Hints} {
		for i := range list {
			if list[i].name == s.Name {
				return &list[i]
			}
		}
	}
	return nil
}

// HintReason says why the directive of s has no effect, or "".
func HintReason(s *Spec) string {
	if h := hintFor(s); h != nil {
		return h.why
	}
	return ""
}
