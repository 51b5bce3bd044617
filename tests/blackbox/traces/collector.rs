use std::sync::{Arc, Mutex};

use actix_web::{App, HttpResponse, HttpServer, web};
use opentelemetry_proto::tonic::{
    collector::trace::v1::ExportTraceServiceRequest, common::v1::any_value, trace::v1 as otlp,
};
use prost::Message;

use crate::server::eventually;

/// What a node sends its traces to: a collector that keeps them.
pub struct Collector {
    address: String,
    taken: Taken,
}

type Taken = Arc<Mutex<Vec<Span>>>;

/// A span, as it was taken.
#[derive(Debug, Clone)]
pub struct Span {
    /// The `service.instance.id` of the node.
    pub node: String,
    pub name: String,
    pub trace: String,
    pub id: String,
    /// Empty for the first one of a trace.
    pub parent: String,
    pub kind: otlp::span::SpanKind,
    pub attributes: Vec<(String, String)>,
}

impl Collector {
    pub fn start() -> Self {
        let taken = Taken::default();
        let keeper = web::Data::from(taken.clone());
        let server = HttpServer::new(move || {
            App::new()
                .app_data(keeper.clone())
                .route("/v1/traces", web::post().to(take))
        })
        .workers(1)
        .disable_signals()
        .bind(("127.0.0.1", 0))
        .unwrap();
        let address = format!("http://{}", server.addrs()[0]);
        tokio::spawn(server.run());
        Self { address, taken }
    }

    /// The settings of a node that sends its traces here, soon.
    pub fn settings(&self) -> [(&str, &str); 2] {
        [
            ("OTLP_ENDPOINT", &self.address),
            ("OTEL_BSP_SCHEDULE_DELAY", "50"),
        ]
    }

    pub fn taken(&self) -> Vec<Span> {
        self.taken.lock().unwrap().clone()
    }

    /// Waits until there is a span like this.
    pub async fn span(&self, what: &str, is_meant: impl Fn(&Span) -> bool) -> Span {
        eventually(what, async || self.taken().into_iter().find(&is_meant)).await
    }
}

impl Span {
    pub fn attribute(&self, name: &str) -> Option<&str> {
        let mut attributes = self.attributes.iter();
        let found = attributes.find(|(key, _)| key == name);
        found.map(|(_, value)| value.as_str())
    }
}

async fn take(body: web::Bytes, taken: web::Data<Mutex<Vec<Span>>>) -> HttpResponse {
    let request = ExportTraceServiceRequest::decode(body).unwrap();
    for of_node in request.resource_spans {
        let resource = of_node.resource.unwrap();
        let resource = attributes(resource.attributes);
        let said = |name: &str| resource.iter().find(|(key, _)| key == name);
        assert_eq!(said("service.name").unwrap().1, "chatterstack");
        let node = &said("service.instance.id").unwrap().1;
        let spans = of_node.scope_spans.into_iter().flat_map(|of| of.spans);
        let mut taken = taken.lock().unwrap();
        taken.extend(spans.map(|span| read(node, span)));
    }
    HttpResponse::Ok().finish()
}

fn read(node: &str, span: otlp::Span) -> Span {
    Span {
        node: node.to_owned(),
        kind: span.kind(),
        name: span.name,
        trace: hex(&span.trace_id),
        id: hex(&span.span_id),
        parent: hex(&span.parent_span_id),
        attributes: attributes(span.attributes),
    }
}

fn attributes(
    told: Vec<opentelemetry_proto::tonic::common::v1::KeyValue>,
) -> Vec<(String, String)> {
    let text = |value| match value {
        any_value::Value::StringValue(text) => text,
        other => format!("{other:?}"),
    };
    told.into_iter()
        .filter_map(|pair| Some((pair.key, text(pair.value?.value?))))
        .collect()
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
