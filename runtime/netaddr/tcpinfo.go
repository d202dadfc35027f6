package netaddr

// TCPInfo is the part of the kernel's connection figures that the variables
// $tcpinfo_* show.
type TCPInfo struct {
	RTT      uint32 // smoothed round trip time, microseconds
	RTTVar   uint32 // its variance, microseconds
	SndCwnd  uint32 // sending congestion window, segments
	RcvSpace uint32 // receive window, bytes
}
