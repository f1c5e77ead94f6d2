//! A store that asks again where `object_store` gives up, and says in words why it failed.
//!
//! `object_store` repeats what is safe to repeat without knowing what for: reads, and whatever was answered by an error of
//! the server. What it leaves are requests whose answer was lost. Here more is known. A conditional create whose answer was
//! lost may be sent again: if it says that the object is there, and the object's bytes are those that were sent, then it was
//! we who put them, or somebody who put the same. Removals are repeated as wholes; listings go on where they broke off.

use std::fmt;
use std::future::Future;
use std::sync::Arc;
use std::time::Instant;

use async_trait::async_trait;
use futures::stream::{self, BoxStream};
use futures::{StreamExt, TryStreamExt};
use object_store::path::Path;
use object_store::{
    CopyOptions, Error, GetOptions, GetResult, GetResultPayload, ListResult, MultipartUpload,
    ObjectMeta, ObjectStore, ObjectStoreExt, PutMode, PutMultipartOptions, PutOptions, PutPayload,
    PutResult, Result,
};
use url::Url;

use super::connect::{PATIENCE, RETRIES, WAITS};
use super::failure::{Service, StoreFailure, explain, is_unanswered};

/// Whether a bucket or container of this name lists names in their order. Directory buckets of S3 do not, and are told by their names.
pub(super) fn lists_in_order(container: &str) -> bool {
    !container.ends_with("--x-s3")
}

/// A listing on its way.
struct Listing {
    objects: BoxStream<'static, Result<ObjectMeta>>,
    of: Persistent,
    prefix: Option<Path>,
    /// The last name that it gave.
    after: Option<Path>,
    patience: Patience,
}

fn begin(
    store: &Arc<dyn ObjectStore>,
    prefix: Option<&Path>,
    after: Option<&Path>,
) -> BoxStream<'static, Result<ObjectMeta>> {
    match after {
        None => store.list(prefix),
        Some(after) => store.list_with_offset(prefix, after),
    }
}

/// How many objects are removed at a time.
const CONCURRENT_REMOVALS: usize = 10;

/// The store of a service, asked with patience.
#[derive(Clone)]
pub(super) struct Persistent {
    inner: Arc<dyn ObjectStore>,
    service: Service,
    /// The bucket, the container or the host.
    container: String,
}

impl Persistent {
    /// Asks `store`, which is `service`'s at `url`.
    pub(super) fn over(
        store: impl ObjectStore,
        service: Service,
        url: &Url,
    ) -> Arc<dyn ObjectStore> {
        // Before an `@` stands the container of an account.
        let container = match url.username() {
            "" => url.host_str().unwrap_or_default(),
            container => container,
        };
        Arc::new(Self {
            inner: Arc::new(store),
            service,
            container: container.to_owned(),
        })
    }

    fn explain(&self, error: Error) -> Error {
        explain(&self.service, &self.container, error)
    }

    /// Does what may be done twice until it is answered.
    async fn again<T, F: Future<Output = Result<T>>>(&self, ask: impl Fn() -> F) -> Result<T> {
        let mut patience = Patience::new();
        loop {
            match ask().await {
                Err(error) if is_unanswered(&error) && patience.wait().await => {}
                answered => return answered.map_err(|error| self.explain(error)),
            }
        }
    }

    async fn create(
        &self,
        location: &Path,
        payload: PutPayload,
        options: PutOptions,
    ) -> Result<PutResult> {
        let mut patience = Patience::new();
        loop {
            let put = self
                .inner
                .put_opts(location, payload.clone(), options.clone());
            match put.await {
                Err(error @ Error::AlreadyExists { .. }) => {
                    match self.compare(location, &payload).await {
                        Ok(Some(ours)) => return Ok(ours),
                        Ok(None) => return Err(error),
                        // Another's attempt at the same time stood in the way and came to nothing.
                        Err(Error::NotFound { .. }) if patience.wait().await => {}
                        Err(error) => return Err(error),
                    }
                }
                Err(error) if is_unanswered(&error) && patience.wait().await => {}
                answered => return answered.map_err(|error| self.explain(error)),
            }
        }
    }

    /// The object as what a put of `payload` gives, if it has the same bytes.
    async fn compare(&self, location: &Path, payload: &PutPayload) -> Result<Option<PutResult>> {
        let found = self.get(location).await?;
        if found.meta.size != payload.content_length() as u64 {
            return Ok(None);
        }
        let (e_tag, version) = (found.meta.e_tag.clone(), found.meta.version.clone());
        let bytes = found.bytes().await?;
        let is_same = payload.iter().flatten().eq(bytes.iter());
        Ok(is_same.then_some(PutResult { e_tag, version }))
    }

    /// The objects behind `after`, as the store lists them. A listing that broke off goes on behind the last that it gave.
    fn names(
        &self,
        prefix: Option<Path>,
        after: Option<Path>,
    ) -> BoxStream<'static, Result<ObjectMeta>> {
        if let Err(error) = self.check_listing() {
            return stream::once(async { Err(error) }).boxed();
        }
        if !lists_in_order(&self.container) {
            return self.names_in_no_order(prefix, after);
        }
        let listing = Listing {
            objects: begin(&self.inner, prefix.as_ref(), after.as_ref()),
            of: self.clone(),
            prefix,
            after,
            patience: Patience::new(),
        };
        let next = |mut listing: Listing| async move {
            loop {
                match listing.objects.next().await {
                    None => return Ok(None),
                    Some(Ok(object)) => {
                        listing.after = Some(object.location.clone());
                        listing.patience = Patience::new();
                        return Ok(Some((object, listing)));
                    }
                    Some(Err(error)) if is_unanswered(&error) && listing.patience.wait().await => {
                        let (prefix, after) = (listing.prefix.as_ref(), listing.after.as_ref());
                        listing.objects = begin(&listing.of.inner, prefix, after);
                    }
                    Some(Err(error)) => return Err(listing.of.explain(error)),
                }
            }
        };
        stream::try_unfold(listing, next).boxed()
    }

    /// The same of a store whose listings have no order, so that none can go on: they are repeated as wholes.
    fn names_in_no_order(
        &self,
        prefix: Option<Path>,
        after: Option<Path>,
    ) -> BoxStream<'static, Result<ObjectMeta>> {
        let this = self.clone();
        let all = async move {
            let list = || this.inner.list(prefix.as_ref()).try_collect::<Vec<_>>();
            let mut objects = this.again(list).await?;
            objects.retain(|object| after.as_ref().is_none_or(|after| object.location > *after));
            Ok::<_, Error>(stream::iter(objects).map(Ok))
        };
        stream::once(all).try_flatten().boxed()
    }

    /// # Errors
    /// For a plain HTTP server, of which no question but for a single file is sure to be understood.
    fn check_listing(&self) -> Result<()> {
        match self.service {
            Service::Http => Err(StoreFailure::new(
                "a plain HTTP server does not list its files",
                "a sweep's files are found by listing: read it through s3://, gs:// or az://, or copy it to a folder; a \
                 release has a manifest and is read from https:// too",
            )
            .into_error()),
            _ => Ok(()),
        }
    }

    fn check_writing(&self) -> Result<()> {
        match self.service {
            Service::Http => Err(StoreFailure::new(
                "http(s):// can only be read",
                "write to a folder, s3://, gs:// or az://",
            )
            .into_error()),
            _ => Ok(()),
        }
    }
}

#[async_trait]
impl ObjectStore for Persistent {
    async fn put_opts(
        &self,
        location: &Path,
        payload: PutPayload,
        options: PutOptions,
    ) -> Result<PutResult> {
        self.check_writing()?;
        match options.mode {
            PutMode::Create => self.create(location, payload, options).await,
            PutMode::Overwrite => {
                let put = || {
                    self.inner
                        .put_opts(location, payload.clone(), options.clone())
                };
                self.again(put).await
            }
            PutMode::Update(_) => {
                let put = self.inner.put_opts(location, payload, options).await;
                put.map_err(|error| self.explain(error))
            }
        }
    }

    async fn put_multipart_opts(
        &self,
        location: &Path,
        options: PutMultipartOptions,
    ) -> Result<Box<dyn MultipartUpload>> {
        self.check_writing()?;
        let begun = || self.inner.put_multipart_opts(location, options.clone());
        self.again(begun).await
    }

    async fn get_opts(&self, location: &Path, options: GetOptions) -> Result<GetResult> {
        let get = || self.inner.get_opts(location, options.clone());
        let mut found = self.again(get).await?;
        // The rest of a body that breaks off is asked for by `object_store`.
        if let GetResultPayload::Stream(body) = found.payload {
            let this = self.clone();
            let body = body.map_err(move |error| this.explain(error));
            found.payload = GetResultPayload::Stream(body.boxed());
        }
        Ok(found)
    }

    fn delete_stream(
        &self,
        locations: BoxStream<'static, Result<Path>>,
    ) -> BoxStream<'static, Result<Path>> {
        let this = self.clone();
        locations
            .map(move |location| {
                let this = this.clone();
                async move {
                    this.check_writing()?;
                    let location = location?;
                    this.again(|| this.inner.delete(&location)).await?;
                    Ok(location)
                }
            })
            .buffered(CONCURRENT_REMOVALS)
            .boxed()
    }

    fn list(&self, prefix: Option<&Path>) -> BoxStream<'static, Result<ObjectMeta>> {
        self.names(prefix.cloned(), None)
    }

    fn list_with_offset(
        &self,
        prefix: Option<&Path>,
        offset: &Path,
    ) -> BoxStream<'static, Result<ObjectMeta>> {
        self.names(prefix.cloned(), Some(offset.clone()))
    }

    async fn list_with_delimiter(&self, prefix: Option<&Path>) -> Result<ListResult> {
        self.check_listing()?;
        self.again(|| self.inner.list_with_delimiter(prefix)).await
    }

    async fn copy_opts(&self, from: &Path, to: &Path, options: CopyOptions) -> Result<()> {
        self.check_writing()?;
        let copied = self.inner.copy_opts(from, to, options).await;
        copied.map_err(|error| self.explain(error))
    }
}

impl fmt::Display for Persistent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.inner.fmt(f)
    }
}

impl fmt::Debug for Persistent {
    /// Without the store's settings, in which credentials are.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Persistent")
            .field("service", &self.service)
            .field("container", &self.container)
            .finish_non_exhaustive()
    }
}

/// How long is waited before an attempt, and how many are made.
struct Patience {
    began: Instant,
    n_waits: usize,
}

impl Patience {
    fn new() -> Self {
        Self {
            began: Instant::now(),
            n_waits: 0,
        }
    }

    /// Waits before another attempt; false when there is to be none.
    async fn wait(&mut self) -> bool {
        if self.n_waits >= RETRIES || self.began.elapsed() > PATIENCE {
            return false;
        }
        let (first, longest) = WAITS;
        tokio::time::sleep((first * (1 << self.n_waits)).min(longest)).await;
        self.n_waits += 1;
        true
    }
}

#[cfg(test)]
mod tests;
