namespace Vla.Tests.Actors.Training;

/// <summary>
/// Tests that compare weights run alone: Torch has one source of random numbers for all threads, and every module that
/// is made takes some.
/// </summary>
[CollectionDefinition(Name, DisableParallelization = true)]
public sealed class RandomNumbers
{
    public const string Name = "Torch's random numbers";
}
