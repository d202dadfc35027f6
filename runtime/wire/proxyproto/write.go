package proxyproto

import (
	"encoding/binary"
	"hash/crc32"
	"net/netip"
	"strconv"
)

// AppendV1 appends the header of version 1 for a connection from src to dst. The
// family is that of src, as in nginx; without a valid src (a Unix socket) the
// header says UNKNOWN.
func AppendV1(b []byte, src, dst netip.AddrPort) []byte {
	switch {
	case src.Addr().Is4():
		b = append(b, "PROXY TCP4 "...)
	case src.Addr().Is6():
		b = append(b, "PROXY TCP6 "...)
	default:
		return append(b, "PROXY UNKNOWN\r\n"...)
	}
	b = AppendAddr(b, src.Addr())
	b = append(b, ' ')
	b = AppendAddr(b, dst.Addr())
	b = append(b, ' ')
	b = strconv.AppendUint(b, uint64(src.Port()), 10)
	b = append(b, ' ')
	b = strconv.AppendUint(b, uint64(dst.Port()), 10)
	return append(b, '\r', '\n')
}

// TLS is what a version 2 header says about the TLS of the client's connection.
// Empty texts are left out, but for Version and Cipher.
type TLS struct {
	Authority string // the name of the SNI
	ALPN      string
	Version   string // "TLSv1.3"
	CN        string // common name of the client's certificate
	Cipher    string // "TLS_AES_128_GCM_SHA256"
	SigAlg    string // "RSA-SHA256", of the server's certificate
	KeyAlg    string // "RSA2048", of the server's key
	// Cert: the client has shown a certificate; Resumed: in an earlier
	// connection of the session.
	Cert, Resumed bool
	// Verify is OpenSSL's result of the verification, 0 for a good certificate.
	// It is written as 1 without Cert.
	Verify uint32
}

// AppendV2 appends the header of version 2 for a connection from src to dst, over
// UDP with datagram set; tls is nil without TLS. Addresses of two families are
// both written as IPv6, two mapped ones as IPv4. Without valid addresses the
// command is LOCAL. The header ends with its CRC-32C.
func AppendV2(b []byte, src, dst netip.AddrPort, datagram bool, tls *TLS) []byte {
	start := len(b)
	b = append(b, signature...)
	transport := byte(typeStream)
	if datagram {
		transport = typeDgram
	}

	s, d := src.Addr(), dst.Addr()
	if s.Is4In6() && d.Is4In6() {
		s, d = s.Unmap(), d.Unmap()
	}
	switch {
	case !s.IsValid() || !d.IsValid():
		b = append(b, 0x20, 0, 0, 0)
	case s.Is4() && d.Is4():
		s4, d4 := s.As4(), d.As4()
		b = append(b, 0x21, 0x10|transport, 0, 0)
		b = append(b, s4[:]...)
		b = append(b, d4[:]...)
		b = appendPorts(b, src.Port(), dst.Port())
	default:
		s16, d16 := s.As16(), d.As16()
		b = append(b, 0x21, 0x20|transport, 0, 0)
		b = append(b, s16[:]...)
		b = append(b, d16[:]...)
		b = appendPorts(b, src.Port(), dst.Port())
	}
	if tls != nil {
		b = tls.append(b)
	}

	b = append(b, TypeCRC32C, 0, 4, 0, 0, 0, 0)
	binary.BigEndian.PutUint16(b[start+14:], uint16(len(b)-start-v2Header))
	crc := crc32.Checksum(b[start:], crc32.MakeTable(crc32.Castagnoli))
	binary.BigEndian.PutUint32(b[len(b)-4:], crc)
	return b
}

func appendPorts(b []byte, src, dst uint16) []byte {
	b = binary.BigEndian.AppendUint16(b, src)
	return binary.BigEndian.AppendUint16(b, dst)
}

// append appends the TLVs of t.
func (t *TLS) append(b []byte) []byte {
	if t.Authority != "" {
		b = appendTLV(b, TypeAuthority, t.Authority)
	}
	if t.ALPN != "" {
		b = appendTLV(b, TypeALPN, t.ALPN)
	}

	start := len(b)
	client, verify := byte(0x01), uint32(1)
	if t.Cert {
		client |= 0x04
		if !t.Resumed {
			client |= 0x02
		}
		verify = t.Verify
	}
	b = append(b, TypeSSL, 0, 0, client)
	b = binary.BigEndian.AppendUint32(b, verify)
	b = appendTLV(b, TypeSSLVersion, t.Version)
	if t.CN != "" {
		b = appendTLV(b, TypeSSLCN, t.CN)
	}
	b = appendTLV(b, TypeSSLCipher, t.Cipher)
	if t.SigAlg != "" {
		b = appendTLV(b, TypeSSLSigAlg, t.SigAlg)
	}
	if t.KeyAlg != "" {
		b = appendTLV(b, TypeSSLKeyAlg, t.KeyAlg)
	}
	binary.BigEndian.PutUint16(b[start+1:], uint16(len(b)-start-3))
	return b
}

func appendTLV(b []byte, typ byte, value string) []byte {
	b = append(b, typ)
	b = binary.BigEndian.AppendUint16(b, uint16(len(value)))
	return append(b, value...)
}
