package httpd

import "github.com/sluiceproxy/sluice/runtime/conf"

// FilterPlace is the place of a body filter in the chain. A module asks for it
// while it is registered, see [Builder.FilterPlace]: the module list alone
// (module/modules.go) says in which order filters run.
type FilterPlace struct {
	n uint8 // the place's number, from 1
	// Whether the place is behind those of the kernel's own filters.
	behindCopy, behindPostpone bool
}

// FilterPlace reserves the next place in the chain of body filters. Filters run
// in the order of the calls, which is that of the modules.
func (b *Builder) FilterPlace() FilterPlace {
	b.place.n++
	return b.place
}

// CopyFilter is ngx_http_copy_filter_module. The contents of a file become
// memory at its place in the module list, if a filter behind it is active.
func CopyFilter() Module {
	return Module{Name: "ngx_http_copy_filter_module", Register: func(b *Builder, _ *conf.Module) {
		b.place.behindCopy = true
	}}
}

// PostponeFilter is ngx_http_postpone_filter_module. The output of subrequests
// is put in order at its place in the module list, and the filters behind it
// are those of the main request, which see the output of subrequests, too.
func PostponeFilter() Module {
	return Module{Name: "ngx_http_postpone_filter_module", Register: func(b *Builder, _ *conf.Module) {
		b.place.behindPostpone = true
	}}
}
