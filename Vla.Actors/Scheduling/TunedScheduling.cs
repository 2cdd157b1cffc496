using Akka.Actor;
using Akka.Dispatch;

namespace Vla.Actors.Scheduling;

/// <summary>
/// A thread for each actor that sleeps as soon as there is nothing to do (<see cref="StageDispatcher"/>), and one
/// thread, the vision encoder's, for all whose work is short (<see cref="SharedThread"/>).
/// </summary>
/// <param name="threadTimeNs">
/// Tells how long the calling thread has been computing so far, nanoseconds, or null; the system's if not given.
/// </param>
internal sealed class TunedScheduling(Func<long?>? threadTimeNs = null) : StageScheduling
{
    private readonly SharedThread _shared = new();
    private readonly Func<long?> _threadTimeNs = threadTimeNs ?? ThreadTime.NowNs;

    public override Props Place(Props props) => props.WithDispatcher(StageDispatcher.Name);

    internal override ActorPlace Join(MessageDispatcher dispatcher, ThreadUse use)
    {
        // Somebody may have started the actor elsewhere, a test for one.
        if (dispatcher is not IOwnThread { Thread: { } thread })
            return new ActorPlace();
        return use switch
        {
            ThreadUse.Lends => new LentThread(_shared, thread, _threadTimeNs),
            ThreadUse.Shares => new SharingThread(_shared, thread),
            ThreadUse.AlwaysShares => new SharingThread(_shared, thread, always: true),
            _ => new OwnThread(),
        };
    }
}
