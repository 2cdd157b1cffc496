namespace Vla.Tests;

/// <summary>
/// Tests of the whole controller at its real rate run while no other test takes the processor: what they see depends on
/// threads that are there in time.
/// </summary>
[CollectionDefinition(Name, DisableParallelization = true)]
public sealed class AgainstTheClock
{
    public const string Name = "against the clock";
}
