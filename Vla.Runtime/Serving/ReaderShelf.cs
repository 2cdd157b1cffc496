using System.Collections.Concurrent;

namespace Vla.Runtime.Serving;

/// <summary>
/// Readers of observations for requests that each come by themselves: each one's working memory is used again.
/// </summary>
/// <param name="context">Says what they read.</param>
internal sealed class ReaderShelf(ServingContext context) : IDisposable
{
    private readonly ConcurrentBag<ObservationReader> _free = [];

    /// <summary>One that nobody else has.</summary>
    public ObservationReader Take() => _free.TryTake(out var free) ? free : context.Reader();

    public void GiveBack(ObservationReader reader) => _free.Add(reader);

    public void Dispose()
    {
        while (_free.TryTake(out var reader))
            reader.Dispose();
    }
}
