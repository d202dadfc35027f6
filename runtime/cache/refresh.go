package cache

import "github.com/sluiceproxy/sluice/runtime/diskfile"

// Refresh gives the entry that r holds, open as e, the freshness f after its validation. When
// the file has been replaced meanwhile nothing happens. e stays as it is.
func (r *Ref) Refresh(o diskfile.Owner, e *Entry, f Freshness) {}
