using Akka.Configuration;
using Akka.Dispatch;

namespace Vla.Actors.Scheduling;

/// <summary>Gives each of its actors a thread of its own, which sleeps while its mailbox is empty.</summary>
/// <remarks>
/// <para>
/// Akka's pinned dispatcher has the threads too, but they wait by giving way (<c>sched_yield</c>) up to a hundred times
/// before they sleep. While Torch keeps every core busy, each of these takes until the next switch, so that half a
/// dozen threads with nothing to do are always about to run, and so in the way of those with something to do.
/// </para>
/// <para>
/// An actor goes on until its mailbox is empty (throughput): giving way after each message means being scheduled anew
/// for the next, which takes time and memory. What shares the thread (<see cref="SharedThread"/>) comes next.
/// </para>
/// </remarks>
internal sealed class StageDispatcher : MessageDispatcherConfigurator
{
    /// <summary>Its name in Akka's configuration.</summary>
    public const string Name = "vla.pinned-dispatcher";

    private const int MessagesInTurn = 100;

    /// <summary>How long the thread of an actor that has ended stays.</summary>
    private static readonly TimeSpan Linger = TimeSpan.FromSeconds(1);

    private readonly string _id;

    /// <summary>Called by Akka.</summary>
    public StageDispatcher(Config config, IDispatcherPrerequisites prerequisites)
        : base(config, prerequisites) => _id = config.GetString("id");

    /// <summary>A dispatcher for one actor.</summary>
    public override MessageDispatcher Dispatcher() => new OfOneActor(this, _id, new OneThread());

    private sealed class OfOneActor(MessageDispatcherConfigurator configurator, string id, OneThread thread)
        : Dispatcher(configurator, id, MessagesInTurn, throughputDeadlineTime: null, thread, Linger),
            IOwnThread
    {
        public StageThread Thread => thread.Thread!;
    }

    private sealed class OneThread : ExecutorServiceFactory
    {
        public StageThread? Thread { get; private set; }

        public override ExecutorService Produce(string id) => Thread = new StageThread(id);
    }
}

/// <summary>A dispatcher that has one actor and a thread for it.</summary>
internal interface IOwnThread
{
    /// <summary>There from the actor's first message on.</summary>
    StageThread Thread { get; }
}
