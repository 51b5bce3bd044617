use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use domain::{
    AccessClaims, SessionId, Timestamp, UserId,
    ports::{AccessTokens, TokenError},
};
use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, Header, Validation, decode, encode};
use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use uuid::Uuid;

/// Who signs, for whom, and with what.
#[derive(Debug, Clone)]
pub struct JwtOptions {
    /// The signing secret: at least 32 random bytes. Whoever makes these options answers for that.
    pub secret: SecretString,
    /// Who signs (`iss`).
    pub issuer: String,
    /// For whom (`aud`).
    pub audience: String,
}

/// Access tokens as JWTs (RFC 7519), signed with HMAC-SHA-256 and nothing else.
pub struct JwtTokens {
    header: Header,
    validation: Validation,
    signing: EncodingKey,
    checking: DecodingKey,
    issuer: String,
    audience: String,
}

/// What tells an access token from any other token of the same secret.
const KIND: &str = "access";

#[derive(Serialize, Deserialize)]
struct Claims {
    iss: String,
    aud: String,
    sub: Uuid,
    sid: Uuid,
    exp: i64,
    iat: i64,
    jti: Uuid,
    typ: String,
}

impl JwtTokens {
    /// Signs and checks with the secret of the options.
    #[must_use]
    pub fn new(options: &JwtOptions) -> Self {
        let secret = options.secret.expose_secret().as_bytes();
        let mut header = Header::new(Algorithm::HS256);
        header.kid = Some(key_id(secret));
        let mut validation = Validation::new(Algorithm::HS256);
        validation.set_issuer(&[&options.issuer]);
        validation.set_audience(&[&options.audience]);
        validation.set_required_spec_claims(&["iss", "aud", "sub", "exp"]);
        // The library would ask the system's clock: the port is told what time it is.
        validation.validate_exp = false;
        Self {
            header,
            validation,
            signing: EncodingKey::from_secret(secret),
            checking: DecodingKey::from_secret(secret),
            issuer: options.issuer.clone(),
            audience: options.audience.clone(),
        }
    }
}

impl AccessTokens for JwtTokens {
    fn issue(&self, claims: &AccessClaims) -> String {
        let claims = Claims {
            iss: self.issuer.clone(),
            aud: self.audience.clone(),
            sub: claims.user_id.0,
            sid: claims.session_id.0,
            exp: claims.expires_at.as_second(),
            iat: claims.issued_at.as_second(),
            jti: claims.token_id,
            typ: KIND.to_owned(),
        };
        encode(&self.header, &claims, &self.signing)
            .expect("an HMAC takes a secret of any length, and these claims are plain JSON")
    }

    fn verify(&self, token: &str, now: Timestamp) -> Result<AccessClaims, TokenError> {
        let read = decode::<Claims>(token, &self.checking, &self.validation)
            .map_err(|_| TokenError::Invalid)?;
        if read.header.kid != self.header.kid || read.claims.typ != KIND {
            return Err(TokenError::Invalid);
        }
        let claims = read.claims;
        let time = |second| Timestamp::from_second(second).map_err(|_| TokenError::Invalid);
        let expires_at = time(claims.exp)?;
        if now >= expires_at {
            return Err(TokenError::Expired);
        }
        Ok(AccessClaims {
            user_id: UserId(claims.sub),
            session_id: SessionId(claims.sid),
            token_id: claims.jti,
            issued_at: time(claims.iat)?,
            expires_at,
        })
    }
}

/// Tells which secret signed, and nothing about it that the signature does not tell too.
fn key_id(secret: &[u8]) -> String {
    let digest = Sha256::new_with_prefix("chatterstack access token key id\0")
        .chain_update(secret)
        .finalize();
    BASE64_URL_SAFE_NO_PAD.encode(&digest[..9])
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};

    const NOW: i64 = 1_700_000_000;

    fn tokens() -> JwtTokens {
        JwtTokens::new(&JwtOptions {
            secret: SecretString::from("a secret of more than thirty-two bytes"),
            issuer: "chatterstack".to_owned(),
            audience: "chatterstack-clients".to_owned(),
        })
    }

    /// A token of the right secret that says whatever the test wants.
    fn forged(change: impl FnOnce(&mut Header, &mut Value)) -> Result<AccessClaims, TokenError> {
        let tokens = tokens();
        let mut header = tokens.header.clone();
        let id = Uuid::from_u128(1);
        let mut claims = json!({
            "iss": tokens.issuer, "aud": tokens.audience, "sub": id, "sid": id, "jti": id,
            "iat": NOW, "exp": NOW + 900, "typ": "access",
        });
        change(&mut header, &mut claims);
        let token = encode(&header, &claims, &tokens.signing).unwrap();
        tokens.verify(&token, Timestamp::from_second(NOW).unwrap())
    }

    #[test]
    fn a_token_with_the_claims_of_the_contract_is_good() {
        assert!(forged(|_, _| {}).is_ok());
    }

    #[test]
    fn every_claim_is_needed() {
        for claim in ["iss", "aud", "sub", "sid", "jti", "iat", "exp", "typ"] {
            let answer = forged(|_, claims| {
                claims.as_object_mut().unwrap().remove(claim);
            });
            assert_eq!(answer, Err(TokenError::Invalid), "{claim}");
        }
    }

    #[test]
    fn a_claim_of_another_form_is_refused() {
        for (claim, value) in [
            ("iss", json!("another")),
            ("iss", json!(["chatterstack", "another"])),
            ("aud", json!("another")),
            ("aud", json!(["chatterstack-clients", "another"])),
            ("sub", json!("ann")),
            ("exp", json!("1700000900")),
            ("exp", json!(i64::MAX)),
            ("typ", json!("refresh")),
        ] {
            let answer = forged(|_, claims| claims[claim] = value.clone());
            assert_eq!(answer, Err(TokenError::Invalid), "{claim} {value}");
        }
    }

    #[test]
    fn another_algorithm_or_key_id_is_refused_even_with_our_secret() {
        let answer = forged(|header, _| header.alg = Algorithm::HS512);
        assert_eq!(answer, Err(TokenError::Invalid));
        let answer = forged(|header, _| header.kid = Some("another".to_owned()));
        assert_eq!(answer, Err(TokenError::Invalid));
        let answer = forged(|header, _| header.kid = None);
        assert_eq!(answer, Err(TokenError::Invalid));
    }
}
