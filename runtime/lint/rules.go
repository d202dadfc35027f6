package lint

import "slices"

// Rules returns all rules, in the order of docs/lint.md.
func Rules() []*Rule {
	return slices.Concat(pathRules(), requestRules(), headerRules(), accessRules(), matchingRules(), languageRules(), serverRules(), upstreamRules(), cacheRules(),
		certificateRules())
}
