use rustls::{
    CertificateError, DigitallySignedStruct, Error, SignatureScheme,
    client::{
        danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier},
        verify_server_cert_signed_by_trust_anchor, verify_server_name,
    },
    crypto::{WebPkiSupportedAlgorithms, verify_tls12_signature, verify_tls13_signature},
    pki_types::{CertificateDer, ServerName, UnixTime},
    server::ParsedCertificate,
};

use super::roots::Trusted;

/// Judges the certificate of a server as far as `sslmode` asks for it.
///
/// Whatever it asks for, the server must have the key to its certificate: else the binding of a password to the channel
/// (`channel_binding`) would prove nothing.
#[derive(Debug)]
pub(super) struct Verifier {
    /// None: anybody may answer.
    pub(super) trusted: Option<Trusted>,
    /// Under the name of the host alone.
    pub(super) by_name: bool,
    pub(super) algorithms: WebPkiSupportedAlgorithms,
}

impl ServerCertVerifier for Verifier {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        server_name: &ServerName<'_>,
        _ocsp_response: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        let Some(trusted) = &self.trusted else {
            return Ok(ServerCertVerified::assertion());
        };
        let certificate = ParsedCertificate::try_from(end_entity)?;
        let vouched = verify_server_cert_signed_by_trust_anchor(
            &certificate,
            &trusted.anchors,
            intermediates,
            now,
            self.algorithms.all,
        );
        match vouched {
            // What `openssl req -x509` makes is an authority of itself, which must not be a server; when that very
            // certificate is in the file, this is what it is there for. One that has expired fails otherwise.
            Err(Error::InvalidCertificate(CertificateError::Other(_)))
                if trusted.certificates.iter().any(|known| known == end_entity) => {}
            vouched => vouched?,
        }
        if self.by_name {
            verify_server_name(&certificate, server_name)?;
        }
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        verify_tls12_signature(message, cert, dss, &self.algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        verify_tls13_signature(message, cert, dss, &self.algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.algorithms.supported_schemes()
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use rcgen::{BasicConstraints, CertificateParams, IsCa, KeyPair, date_time_ymd};
    use rustls::{RootCertStore, crypto::aws_lc_rs};

    use super::*;

    /// What `openssl req -x509` makes, valid from 2020 to 2030.
    fn own_authority() -> CertificateDer<'static> {
        let mut params = CertificateParams::new(["db.example".to_owned()]).unwrap();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params.not_before = date_time_ymd(2020, 1, 1);
        params.not_after = date_time_ymd(2030, 1, 1);
        let key = KeyPair::generate().unwrap();
        params.self_signed(&key).unwrap().der().clone()
    }

    fn judge(
        trusted: &CertificateDer<'static>,
        shown: &CertificateDer<'_>,
        year: u64,
    ) -> Result<(), Error> {
        let mut anchors = RootCertStore::empty();
        anchors.add(trusted.clone()).unwrap();
        let verifier = Verifier {
            trusted: Some(Trusted {
                anchors,
                certificates: vec![trusted.clone()],
            }),
            by_name: true,
            algorithms: aws_lc_rs::default_provider().signature_verification_algorithms,
        };
        let now = UnixTime::since_unix_epoch(Duration::from_secs((year - 1970) * 31_557_600));
        let name = ServerName::try_from("db.example").unwrap();
        verifier
            .verify_server_cert(shown, &[], &name, &[], now)
            .map(drop)
    }

    #[test]
    fn a_certificate_that_is_its_own_authority_is_taken_if_it_is_the_one_in_the_file_and_valid() {
        let (own, other) = (own_authority(), own_authority());
        assert_eq!(judge(&own, &own, 2026), Ok(()));
        assert!(judge(&own, &other, 2026).is_err());
        for year in [2015, 2035] {
            let refused = judge(&own, &own, year);
            let by_time = matches!(
                refused,
                Err(Error::InvalidCertificate(
                    CertificateError::ExpiredContext { .. }
                        | CertificateError::NotValidYetContext { .. }
                ))
            );
            assert!(by_time, "{refused:?}");
        }
    }
}
