package hpack

// Memory returns how much the dynamic table has allocated.
func (d *Decoder) Memory() (data, entries int) { return cap(d.table.data), cap(d.table.entries) }
