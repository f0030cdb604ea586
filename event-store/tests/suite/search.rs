//! What belongs together is found as by looking at every event.

use portail_event_store::{CommandMeta, RecordedEvent, Search, Span, search};
use uuid::Uuid;

use crate::support::{append, log, meta};

#[tokio::test]
async fn what_belongs_together_is_what_every_event_says() {
    let (test, log) = log().await;
    let ids: [Uuid; 6] = std::array::from_fn(|_| Uuid::new_v4());
    let by = |n: usize, correlation: usize, causation: Option<Uuid>| CommandMeta {
        correlation_id: ids[correlation],
        causation_id: causation,
        ..meta(ids[n])
    };
    // Several events; one; none; what the first brought about, twice; and one by itself.
    log.append(append(by(0, 0, None), &[("a", 0, 3), ("b", 0, 2)], &[])).await.unwrap();
    let first = log.read_span(Span { after: 0, through: 1 }, None).await.unwrap().remove(0).event_id;
    log.append(append(by(1, 1, None), &[("c", 0, 1)], &[])).await.unwrap();
    log.append(append(by(2, 2, None), &[], &[])).await.unwrap();
    log.append(append(by(3, 0, Some(ids[0])), &[("a", 3, 2)], &[])).await.unwrap();
    log.append(append(by(4, 0, Some(first)), &[("d", 0, 1)], &[])).await.unwrap();
    log.append(append(by(5, 5, None), &[("a", 5, 1)], &[])).await.unwrap();
    let all = log.read_span(Span { after: 0, through: 10 }, None).await.unwrap();
    assert_eq!(all.len(), 10);

    let pool = test.database.pool();
    let found = async |asked: Search, after: u64, limit: u32| -> Vec<u64> {
        search(pool, &asked, after, limit).await.unwrap().iter().map(|event| event.position).collect()
    };
    let which = |is: &dyn Fn(&RecordedEvent) -> bool| -> Vec<u64> {
        all.iter().filter(|event| is(event)).map(|event| event.position).collect()
    };
    for id in ids.into_iter().chain([first, Uuid::new_v4()]) {
        let command = Search { command: Some(id), ..Search::default() };
        assert_eq!(found(command, 0, 100).await, which(&|event| event.command_id == id));
        let correlation = Search { correlation: Some(id), ..Search::default() };
        assert_eq!(found(correlation, 0, 100).await, which(&|event| event.correlation_id == id));
        let causation = Search { causation: Some(id), ..Search::default() };
        assert_eq!(found(causation, 0, 100).await, which(&|event| event.causation_id == Some(id)));
    }
    let of_first = Search { correlation: Some(ids[0]), ..Search::default() };
    assert_eq!(found(of_first.clone(), 2, 4).await, [3, 4, 5, 7], "a page, over both commands");
    let narrower = Search { command: Some(ids[3]), ..of_first.clone() };
    assert_eq!(found(narrower, 0, 100).await, [7, 8]);
    let nothing = Search { command: Some(ids[1]), ..of_first.clone() };
    assert_eq!(found(nothing, 0, 100).await, [0; 0]);
    let of_stream = Search { stream_type: Some("Counter".into()), stream_id: Some("a".into()), ..of_first };
    assert_eq!(found(of_stream, 0, 100).await, [1, 2, 3, 7, 8]);
    let stream = Search {
        stream_type: Some("Counter".into()),
        stream_id: Some("a".into()),
        event_types: Some(vec!["Added".into()]),
        actor: Some("test".into()),
        ..Search::default()
    };
    assert_eq!(found(stream.clone(), 3, 2).await, [7, 8]);
    let earlier = Search { until: Some(all[0].recorded_at), ..stream.clone() };
    assert_eq!(found(earlier, 0, 100).await, [0; 0]);
    let since = Search { since: Some(all[9].recorded_at), ..stream };
    assert_eq!(found(since, 0, 100).await, [10]);
}
