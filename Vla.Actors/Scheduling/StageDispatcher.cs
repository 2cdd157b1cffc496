using Akka.Configuration;
using Akka.Dispatch;

namespace Vla.Actors.Scheduling;

/// <summary>Gives each of its actors a thread of its own, which sleeps while its mailbox is empty.</summary>
/// <remarks>
/// <para>
/// Akka's pinned dispatcher has the threads too, but they wait by giving way (<c>sched_yield</c>) up to a hundred times
/// before they sleep. While Torch keeps every core busy, each of these takes until the next switch, so that half a dozen
/// threads with nothing to do are always about to run, and so in the way of those with something to do. With the policy at
/// full speed on 2 cores, 99 % of the control loop's ticks were late by up to 1.0 to 1.3 ms with it, by up to 0.16 to 0.24 ms
/// with this one. What the runtime adds to a picture rose by about 0.1 ms, for five threads that have to wake up.
/// </para>
/// <para>
/// An actor goes on until its mailbox is empty (throughput): giving way after each message means being scheduled anew for the
/// next, which takes time and memory. Guests (<see cref="HomeThread"/>) come next.
/// </para>
/// </remarks>
public sealed class StageDispatcher : MessageDispatcherConfigurator
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
        : Dispatcher(configurator, id, MessagesInTurn, throughputDeadlineTime: null, thread, Linger), IOwnThread
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
