using System.Collections.Concurrent;
using Vla.Actors.Policies;
using Vla.Actors.Policies.Remote.Messages;

namespace Vla.Runtime.Serving;

/// <summary>
/// Answers observations that each come by themselves, whoever sends them: for as long as one is answered it has one of
/// the places, and a reader, whose working memory is used again.
/// </summary>
/// <param name="context">Says what is served.</param>
internal sealed class SingleObservations(ServingContext context) : IDisposable
{
    private readonly ConcurrentBag<ObservationReader> _free = [];

    /// <summary>What the policy would do.</summary>
    /// <param name="client">Whose it is: clients that wait for a place are served in turn.</param>
    /// <param name="seen">As it was read; kept until the answer.</param>
    /// <param name="cancellation">Whoever asked is gone.</param>
    /// <exception cref="NoPlaceException">None was free for as long as a request waits.</exception>
    /// <exception cref="WireException">There is something in it that cannot be.</exception>
    /// <exception cref="PolicyException">The policy failed.</exception>
    public async Task<Inferred> InferAsync(string client, WireMap seen, CancellationToken cancellation)
    {
        var policy =
            await context.Pool.TakeAsync(client, context.Limits.LongestWait, cancellation)
            ?? throw new NoPlaceException(context.NoPlace);
        var reader = _free.TryTake(out var free) ? free : context.Reader();
        try
        {
            return await policy.InferAsync(reader, seen, cancellation);
        }
        finally
        {
            reader.Forget();
            _free.Add(reader);
            context.Pool.GiveBack(policy);
        }
    }

    public void Dispose()
    {
        while (_free.TryTake(out var reader))
            reader.Dispose();
    }
}

/// <summary>All places are taken: nothing is wrong, come again later.</summary>
internal sealed class NoPlaceException(string message) : PolicyException(message);
