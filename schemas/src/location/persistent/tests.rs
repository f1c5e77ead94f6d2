//! The store that is asked keeps its objects in memory, and fails as it is told.

use std::collections::VecDeque;
use std::sync::Mutex;

use object_store::client::{HttpError, HttpErrorKind};
use object_store::integration;
use object_store::memory::InMemory;

use super::*;

#[derive(Clone, Copy, Debug, PartialEq)]
enum Fault {
    /// The request is lost.
    Unheard,
    /// The request is done and its answer is lost.
    Unanswered,
    /// Another's put is in the way.
    Conflict,
    Refused,
}

#[derive(Debug)]
struct Faulty {
    memory: InMemory,
    faults: Mutex<VecDeque<Fault>>,
}

impl Faulty {
    fn next(&self) -> Option<Fault> {
        self.faults.lock().unwrap().pop_front()
    }
}

fn lost(kind: HttpErrorKind) -> Error {
    Error::Generic {
        store: "test",
        source: Box::new(HttpError::new(kind, std::io::Error::other("lost"))),
    }
}

impl fmt::Display for Faulty {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Faulty")
    }
}

#[async_trait]
impl ObjectStore for Faulty {
    async fn put_opts(
        &self,
        location: &Path,
        payload: PutPayload,
        options: PutOptions,
    ) -> Result<PutResult> {
        match self.next() {
            None => self.memory.put_opts(location, payload, options).await,
            Some(Fault::Unheard) => Err(lost(HttpErrorKind::Timeout)),
            Some(Fault::Unanswered) => {
                self.memory.put_opts(location, payload, options).await?;
                Err(lost(HttpErrorKind::Interrupted))
            }
            Some(Fault::Conflict) => Err(Error::AlreadyExists {
                path: location.to_string(),
                source: "409".into(),
            }),
            Some(Fault::Refused) => Err(Error::PermissionDenied {
                path: location.to_string(),
                source: "403".into(),
            }),
        }
    }

    async fn put_multipart_opts(
        &self,
        location: &Path,
        options: PutMultipartOptions,
    ) -> Result<Box<dyn MultipartUpload>> {
        self.memory.put_multipart_opts(location, options).await
    }

    async fn get_opts(&self, location: &Path, options: GetOptions) -> Result<GetResult> {
        self.memory.get_opts(location, options).await
    }

    fn delete_stream(
        &self,
        locations: BoxStream<'static, Result<Path>>,
    ) -> BoxStream<'static, Result<Path>> {
        match self.next() {
            None => self.memory.delete_stream(locations),
            Some(_) => stream::once(async { Err(lost(HttpErrorKind::Decode)) }).boxed(),
        }
    }

    fn list(&self, prefix: Option<&Path>) -> BoxStream<'static, Result<ObjectMeta>> {
        let all = self.memory.list(prefix);
        match self.next() {
            None => all,
            Some(_) => all
                .chain(stream::once(async { Err(lost(HttpErrorKind::Decode)) }))
                .boxed(),
        }
    }

    async fn list_with_delimiter(&self, prefix: Option<&Path>) -> Result<ListResult> {
        self.memory.list_with_delimiter(prefix).await
    }

    async fn copy_opts(&self, from: &Path, to: &Path, options: CopyOptions) -> Result<()> {
        self.memory.copy_opts(from, to, options).await
    }
}

fn store(faults: &[Fault]) -> Arc<dyn ObjectStore> {
    let faulty = Faulty {
        memory: InMemory::new(),
        faults: Mutex::new(faults.iter().copied().collect()),
    };
    Persistent::over(faulty, Service::Azure, &"az://data/a".parse().unwrap())
}

async fn create(store: &Arc<dyn ObjectStore>, text: &'static str) -> Result<PutResult> {
    let options = PutOptions::from(PutMode::Create);
    store.put_opts(&Path::from("a"), text.into(), options).await
}

#[tokio::test]
async fn a_create_whose_answer_is_lost_has_created() {
    for faults in [
        &[Fault::Unanswered][..],
        &[Fault::Unheard],
        &[Fault::Unheard, Fault::Unanswered],
        // Nothing is there afterwards, and so it is put again.
        &[Fault::Conflict],
    ] {
        let store = store(faults);
        create(&store, "ours").await.unwrap();
        let found = store.get(&Path::from("a")).await.unwrap();
        assert_eq!(found.bytes().await.unwrap(), "ours", "{faults:?}");
        // Equal bytes are the same object, whoever put them; others are not.
        create(&store, "ours").await.unwrap();
        for other in ["hers", "more than ours"] {
            let error = create(&store, other).await.unwrap_err();
            assert!(matches!(error, Error::AlreadyExists { .. }), "{error}");
        }
    }
}

#[tokio::test]
async fn a_refusal_is_final() {
    let store = store(&[Fault::Refused]);
    let error = create(&store, "ours").await.unwrap_err();
    assert!(
        error
            .to_string()
            .contains("access to container `data` is denied"),
        "{error}"
    );
}

#[tokio::test]
async fn removals_are_repeated_and_listings_go_on() {
    let faulty = Faulty {
        memory: InMemory::new(),
        faults: Mutex::default(),
    };
    faulty
        .memory
        .put(&Path::from("a"), "ours".into())
        .await
        .unwrap();
    *faulty.faults.lock().unwrap() = VecDeque::from([Fault::Unanswered; 2]);
    let store = Persistent::over(faulty, Service::Gcs, &"gs://data/a".parse().unwrap());
    let listed: Vec<_> = store.list(None).try_collect().await.unwrap();
    assert_eq!(listed.len(), 1, "nothing twice");
    let behind: Vec<_> = store
        .list_with_offset(None, &Path::from("a"))
        .try_collect()
        .await
        .unwrap();
    assert!(behind.is_empty());
    store.delete(&Path::from("a")).await.unwrap();
    assert!(store.list(None).next().await.is_none());
}

/// A directory bucket lists in no order, so that nothing can be said of what is behind a name.
#[tokio::test]
async fn listings_in_no_order_are_repeated_as_wholes() {
    let faulty = Faulty {
        memory: InMemory::new(),
        faults: Mutex::default(),
    };
    for name in ["a", "b"] {
        let path = Path::from(name);
        faulty.memory.put(&path, "".into()).await.unwrap();
    }
    *faulty.faults.lock().unwrap() = VecDeque::from([Fault::Unanswered; 2]);
    let service = Service::S3 {
        region: "us-east-1".to_owned(),
    };
    let url = "s3://data--use1-az4--x-s3/a".parse().unwrap();
    let store = Persistent::over(faulty, service, &url);
    let listed: Vec<_> = store.list(None).try_collect().await.unwrap();
    assert_eq!(listed.len(), 2, "nothing twice");
}

/// The suite that `object_store` holds its own stores to.
#[tokio::test]
async fn a_store_that_does_not_fail_is_as_it_was() {
    let store = || -> Arc<dyn ObjectStore> {
        let url = Url::parse("gs://bucket/").unwrap();
        Persistent::over(InMemory::new(), Service::Gcs, &url)
    };
    integration::put_get_delete_list(&store()).await;
    integration::get_opts(&store()).await;
    integration::put_opts(&store(), true).await;
    integration::list_uses_directories_correctly(&store()).await;
    integration::list_with_delimiter(&store()).await;
    integration::list_with_offset_exclusivity(&store()).await;
    integration::rename_and_copy(&store()).await;
    integration::copy_if_not_exists(&store()).await;
    integration::copy_rename_nonexistent_object(&store()).await;
    integration::stream_get(&store()).await;
    integration::put_get_attributes(&store()).await;
}
