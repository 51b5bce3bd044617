use reqwest::Method;
use serde_json::Value;

use crate::api::Answer;

/// The OpenAPI document that the node serves.
pub struct Document(Value);

impl Document {
    pub async fn fetch(base: &str) -> Self {
        let answer = reqwest::get(format!("{base}/openapi.json")).await.unwrap();
        Self(serde_json::from_slice(&answer.bytes().await.unwrap()).unwrap())
    }

    /// Fails unless the document says that this call can be answered so: path, method, status, and the word of a problem.
    #[track_caller]
    pub fn assert_knows(&self, method: &Method, path: &str, answer: &Answer) {
        let Some(operations) = self.operations(path) else {
            assert!(
                matches!(answer.status, 404 | 200),
                "{path} is not documented: {answer:?}"
            );
            return;
        };
        let operation = &operations[method.as_str().to_lowercase()];
        if operation.is_null() {
            assert!(
                answer.status == 405 || *method == Method::OPTIONS,
                "{method} {path} is not documented: {answer:?}"
            );
            return;
        }
        let response = &operation["responses"][answer.status.to_string()];
        assert!(
            response.is_object(),
            "{method} {path} documents no {}: {answer:?}",
            answer.status
        );
        if answer.body["type"].is_string() && answer.body["code"].is_string() {
            let schema = &response["content"]["application/problem+json"]["schema"];
            let words = &schema["allOf"][1]["properties"]["code"]["enum"];
            let known = words
                .as_array()
                .is_some_and(|w| w.contains(&answer.body["code"]));
            assert!(known, "{method} {path} documents no such code: {answer:?}");
        }
    }

    /// What is documented of the path: an exact one before one with parameters.
    fn operations(&self, path: &str) -> Option<&Value> {
        let paths = self.0["paths"].as_object().unwrap();
        paths.get(path).or_else(|| {
            let matches = |template: &str| {
                let (template, path): (Vec<_>, Vec<_>) =
                    (template.split('/').collect(), path.split('/').collect());
                template.len() == path.len()
                    && template
                        .iter()
                        .zip(path)
                        .all(|(t, p)| (t.starts_with('{') && !p.is_empty()) || *t == p)
            };
            let found = paths.iter().find(|(template, _)| matches(template));
            found.map(|(_, operations)| operations)
        })
    }
}
