package httpd

import "github.com/sluiceproxy/sluice/runtime/httpd/settings"

// Root returns $document_root: root or alias as it holds here.
func (r *Request) Root() []byte {
	core := r.loc.Core
	root := core.Root.Eval(r)
	if len(root) == 0 || root[0] != '/' {
		root = r.Join([]byte(r.cfg.prefix), root)
	}
	return root
}

// MapURI returns the path of the file that the URI stands for. ok is false,
// and the reason logged, if there is none.
func (r *Request) MapURI() (path []byte, ok bool) {
	core := r.loc.Core
	if core.Alias && !r.validLocation {
		r.Logf(levelAlert, nil, `"alias" cannot be used in location "%s" where URI was rewritten`, r.loc.Name)
		return nil, false
	}
	root := r.Root()
	if core.AliasLen == settings.AliasRegex && core.Alias {
		if r.addURIToAlias {
			return r.Join(root, r.URI), true
		}
		return root, true
	}
	return r.Join(root, r.URI[min(core.AliasLen, len(r.URI)):]), true
}

// IsAlias reports whether alias is in effect, and whether it gives whole paths
// (regex locations).
func (r *Request) IsAlias() (alias, whole bool) {
	return r.loc.Core.Alias, r.loc.Core.Alias && r.loc.Core.AliasLen == settings.AliasRegex
}

// AliasLen returns how much of the URI alias replaces.
func (r *Request) AliasLen() int { return max(r.loc.Core.AliasLen, 0) }

// TakeFile makes name, which was found below root, what the URI stands for: try_files.
// dir: it is a folder.
func (r *Request) TakeFile(root, name []byte, dir bool) {
	r.emptyOnSlash = len(root) > 0 && root[len(root)-1] == '/'
	switch alias, whole := r.IsAlias(); {
	case !alias:
		r.URI = name
	case whole:
		if !dir {
			r.URI = name
			r.addURIToAlias = true
		}
	default:
		r.URI = r.Join(r.URI[:r.AliasLen()], name)
	}
}
