namespace Vla.Actors.Checkpoints;

/// <summary>
/// A module whose published checkpoints hold tensors that it has no use for: a classifier's last layer, a mask.
/// </summary>
internal interface IIgnoresWeights
{
    /// <summary>True when a tensor of this name, below the module, is to be passed over.</summary>
    bool Ignores(string name);
}
