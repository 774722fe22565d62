//! Digits that a caller presses, asked for by each option.

use super::*;
use crate::newcomer::asks_by_each_option;

#[limited::test(needs = "SWITCHY_LIVE", seconds = 900)]
async fn digits_come_back_as_from_the_simulated_switch() {
    let (client, listener) = client(server()).await;
    listener.subscribe(&["PLAYBACK_START"]).await.unwrap();
    let call = Originate::to("9196@127.0.0.1:5080");
    let call = call.with_variable("execute_on_answer", "sched_hangup +120");
    let call = answered(&client, &call, 2).await;
    let session = client.session(&call.id.cast()).unwrap();
    asks_by_each_option(&client, &session).await;
    // The caller hangs up while a key is waited for.
    let digits = switchy::client::Digits::new().with_timeout(SOON);
    let (found, ()) = tokio::join!(session.digits(&digits), async {
        until(&listener, "the question", |tracker| {
            let leg = tracker.session(session.id().as_str())?;
            (&*leg.application == "play_and_get_digits").then_some(())
        })
        .await;
        session.hangup_with(&HangupCause::parse("USER_BUSY")).await.unwrap();
    });
    let Err(Error::Gone { cause, .. }) = &found else { panic!("{found:?}") };
    assert_eq!(cause, "USER_BUSY");
}
