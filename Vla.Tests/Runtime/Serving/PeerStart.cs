using System.Diagnostics;
using Vla.Actors.Policies;
using Vla.Actors.Policies.Remote;

namespace Vla.Tests.Runtime.Serving;

/// <summary>Waits for a peer's program to listen.</summary>
internal static class PeerStart
{
    private static readonly TimeSpan Bound = TimeSpan.FromSeconds(120);

    /// <summary>The policy that it serves.</summary>
    public static RemotePolicy Load(WireAddress address, Process peer)
    {
        var began = Stopwatch.GetTimestamp();
        while (true)
        {
            try
            {
                return RemotePolicy.Load(address);
            }
            catch (PolicyException) when (!peer.HasExited && Stopwatch.GetElapsedTime(began) < Bound)
            {
                // Not yet: how long that takes is Python's affair.
                Thread.Yield();
            }
        }
    }
}
