namespace Vla.Actors.Checkpoints.Pickling;

/// <summary>What is wrong with the pickle of a file, in one line that names the file.</summary>
/// <param name="path">The file's.</param>
internal sealed class PickleErrors(string path)
{
    /// <summary>It is not what a writer wrote.</summary>
    public CheckpointException Damaged(string what) => new($"{path}: its pickle {what}; the file is damaged");

    /// <summary>It is whole, and nothing that is read.</summary>
    public CheckpointException Refused(string what) => new($"{path}: {what}");
}
