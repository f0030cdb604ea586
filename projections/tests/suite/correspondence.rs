//! The inbox, notices, the outbox and the files that something refers to.

use cqrs_es::Aggregate;
use portail_domain::{
    attendance::session::SessionEvent,
    correspondence::conversation::{Conversation, ConversationEvent as V, Party},
    correspondence::notice::{Audience, Notice, NoticeContent, NoticeEvent, NoticeText},
    families::child::ChildEvent,
    shared::ids::{ChildId, MessageId, StructureId},
    shared::sealed::{Place, Purpose, Sealed},
};
use portail_event_store::StreamId;
use portail_projections::{
    Projection,
    correspondence::{
        attachments::AttachmentsProjection,
        inbox::{self, Filter, Folder, InboxProjection},
        notices::{self, NoticesProjection},
        outbox::OutboxProjection,
    },
    families::family::FamilyProjection,
};
use uuid::Uuid;

use crate::{cast::*, read_models::ReadModels};

fn garderie() -> StructureId {
    "garderie".parse().unwrap()
}

fn conversation() -> StreamId {
    StreamId::new(Conversation::TYPE, Uuid::from_u128(7).to_string())
}

async fn words(models: &ReadModels, words: &str) -> Sealed {
    models.seal(Place::Message, FAMILY, Purpose::Message, words).await
}

async fn opened(models: &ReadModels) {
    let subject = words(models, "Goûter").await;
    let opened =
        V::ConversationOpened { family: family(), structure: garderie(), subject, received: received() };
    models.given(conversation(), [opened]).await;
}

async fn sent(models: &ReadModels, number: u128, from: Party, text: &str) {
    let body = words(models, text).await;
    let message = MessageId(Uuid::from_u128(number));
    let author = "somebody".into();
    let sent = V::MessageSent { message, from, author, body, attachments: vec![], received: received() };
    models.given(conversation(), [sent]).await;
}

fn of_family_side(folder: Option<Folder>) -> Filter {
    Filter {
        side: Party::Family,
        family: Some(FAMILY.into()),
        structure: None,
        folder,
        assigned: None,
        unread: false,
        words: None,
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_message_is_unread_by_the_other_side_until_it_is_read() {
    let models = ReadModels::of(vec![Box::new(InboxProjection)]).await;
    opened(&models).await;
    sent(&models, 1, Party::Structure, "À lundi.").await;
    assert_eq!(inbox::unread(models.pool(), FAMILY).await.unwrap(), 1);
    let messages = inbox::messages(models.pool(), &[Uuid::from_u128(7)]).await.unwrap();
    assert_eq!((messages[0].body.as_deref(), messages[0].read), (Some("À lundi."), None));
    models.given(conversation(), [V::ConversationRead { by: Party::Family, received: received() }]).await;
    assert_eq!(inbox::unread(models.pool(), FAMILY).await.unwrap(), 0);
    let messages = inbox::messages(models.pool(), &[Uuid::from_u128(7)]).await.unwrap();
    assert_eq!(messages[0].read, Some(received()));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_deleted_conversation_comes_back_with_the_next_message() {
    let models = ReadModels::of(vec![Box::new(InboxProjection)]).await;
    opened(&models).await;
    sent(&models, 1, Party::Family, "Bonjour").await;
    models.given(conversation(), [V::ConversationDeleted { by: Party::Family, received: received() }]).await;
    let list =
        async |folder| inbox::list(models.pool(), &of_family_side(folder), None, 10).await.unwrap().len();
    assert_eq!((list(None).await, list(Some(Folder::Deleted)).await), (0, 1));
    sent(&models, 2, Party::Structure, "Bonjour").await;
    assert_eq!((list(None).await, list(Some(Folder::Deleted)).await), (1, 0));
    assert_eq!((list(Some(Folder::Sent)).await, list(Some(Folder::Received)).await), (1, 1));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_conversation_is_found_by_its_words_and_by_whom_it_was_handed_to() {
    let models = ReadModels::of(vec![Box::new(InboxProjection)]).await;
    opened(&models).await;
    sent(&models, 1, Party::Family, "100 % bio").await;
    let assigned = V::ConversationAssigned { to: Some("mairie".into()), received: received() };
    models.given(conversation(), [assigned]).await;
    let found = async |words: &str, to: &str| {
        let filter = Filter {
            side: Party::Structure,
            words: Some(words.into()),
            assigned: Some(to.into()),
            ..of_family_side(None)
        };
        inbox::list(models.pool(), &filter, None, 10).await.unwrap().len()
    };
    assert_eq!(found("0 % B", "mairie").await, 1);
    assert_eq!(found("1_0", "mairie").await, 0, "no pattern");
    assert_eq!(found("goûter", "accueil").await, 0);
}

fn notice(number: u128) -> StreamId {
    StreamId::new(Notice::TYPE, Uuid::from_u128(number).to_string())
}

fn published(audience: Audience, text: NoticeText) -> NoticeEvent {
    let content = Box::new(NoticeContent { text, link: None, form: None });
    let (from, to) = (day("2015-04-08"), Some(day("2015-05-08")));
    NoticeEvent::NoticePublished { audience, content, from, to, received: received() }
}

fn plain() -> NoticeText {
    NoticeText::Plain(r#"{"title":"Fête","text":""}"#.into())
}

async fn enrolled(models: &ReadModels, child: ChildId) {
    let secret = r#"{"surname":"Martin","first_name":"Lucie","birth_date":"2008-05-14"}"#;
    let identity = models.seal(Place::Child, &child.to_string(), Purpose::Identity, secret).await;
    let registered = ChildEvent::ChildRegistered { family: family(), identity };
    models.given(of_child(child), [registered, ChildEvent::ChildEnrolled(enrolment())]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_notice_is_shown_to_its_audience_on_its_days_until_it_is_withdrawn() {
    let both: Vec<Box<dyn Projection>> = vec![Box::new(NoticesProjection), Box::new(FamilyProjection)];
    let models = ReadModels::of(both).await;
    enrolled(&models, lucie()).await;
    let secret = r#"{"title":"Rendez-vous","text":"À lundi."}"#;
    let own = models.seal(Place::Notice, FAMILY, Purpose::Message, secret).await;
    models.given(notice(1), [published(Audience::Town, plain())]).await;
    models.given(notice(2), [published(Audience::Family(family()), NoticeText::Sealed(own))]).await;
    models.given(notice(3), [published(Audience::Structure(garderie()), plain())]).await;
    let shown = async |family: &str, date: &str, structure: &str| -> Vec<&'static str> {
        let activities = [(canteen().to_string(), structure.to_owned())];
        let rows = notices::shown_to(models.pool(), family, day(date), &activities).await.unwrap();
        rows.into_iter().map(|notice| notice.audience.into()).collect()
    };
    assert_eq!(shown(FAMILY, "2015-04-08", "garderie").await, ["STRUCTURE", "FAMILY", "TOWN"]);
    assert_eq!(shown(FAMILY, "2015-04-08", "restauration").await, ["FAMILY", "TOWN"]);
    assert_eq!(shown(OTHER_FAMILY, "2015-04-08", "garderie").await, ["TOWN"]);
    assert!(shown(FAMILY, "2015-05-09", "garderie").await.is_empty());
    models.given(notice(1), [NoticeEvent::NoticeWithdrawn { received: received() }]).await;
    assert_eq!(shown(FAMILY, "2015-04-08", "restauration").await, ["FAMILY"]);
    assert_eq!(notices::all(models.pool(), 10).await.unwrap().len(), 3);
}

async fn told(models: &ReadModels) -> Vec<(String, Option<String>, i64)> {
    sqlx::query_as("SELECT template, family, cardinality(dates)::bigint FROM rm_outbox.message ORDER BY line")
        .fetch_all(models.pool())
        .await
        .unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_family_is_told_what_others_decide_about_its_days() {
    let models = ReadModels::of(vec![Box::new(OutboxProjection)]).await;
    let june = of_session(day("2015-06-01"));
    models.given(june.clone(), [requested(lucie(), 1), confirmed(lucie(), 1)]).await;
    let closed = SessionEvent::SessionClosed {
        reason: portail_domain::catalogue::calendar::ClosureReason::Strike,
        children: vec![lucie(), emma()],
        basis: basis(),
    };
    models.given(june, [closed]).await;
    let templates: Vec<String> = told(&models).await.into_iter().map(|(template, ..)| template).collect();
    assert_eq!(templates, ["RESERVATION_ACCEPTED", "DAY_CLOSED", "DAY_CLOSED"], "to each child's family");

    let cancelled = SessionEvent::ReservationCancelled {
        child: lucie(),
        request: request(2),
        exception: None,
        basis: basis(),
    };
    let decided = [requested(lucie(), 2), waitlisted(lucie(), 2, 1), confirmed(lucie(), 2), cancelled];
    models.given(of_session(day("2015-06-02")), decided).await;
    let templates: Vec<String> =
        told(&models).await.into_iter().skip(3).map(|(template, ..)| template).collect();
    assert_eq!(templates, ["RESERVATION_WAITLISTED", "RESERVATION_ACCEPTED", "RESERVATION_CANCELLED"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_family_is_told_of_messages_of_the_town_not_of_its_own() {
    let models = ReadModels::of(vec![Box::new(OutboxProjection)]).await;
    opened(&models).await;
    sent(&models, 1, Party::Family, "Bonjour").await;
    assert!(told(&models).await.is_empty());
    sent(&models, 2, Party::Structure, "Bonjour").await;
    assert_eq!(told(&models).await, [("MESSAGE_RECEIVED".to_owned(), Some(FAMILY.to_owned()), 0)]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_belongs_to_the_event_that_names_it() {
    let models = ReadModels::of(vec![Box::new(AttachmentsProjection)]).await;
    let june = of_session(day("2015-06-01"));
    models.given(june.clone(), [requested(lucie(), 1), confirmed(lucie(), 1), ill(lucie(), 2)]).await;
    let attached = async || -> Vec<Uuid> {
        sqlx::query_scalar("SELECT id FROM rm_attachments.attached").fetch_all(models.pool()).await.unwrap()
    };
    assert!(attached().await.is_empty());
    let came = SessionEvent::CertificateReceived {
        child: lucie(),
        absence: request(2),
        files: vec![certificate()],
        basis: basis(),
    };
    models.given(june, [came]).await;
    assert_eq!(attached().await, [certificate().id.0]);
}
