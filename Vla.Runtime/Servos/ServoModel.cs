namespace Vla.Runtime.Servos;

/// <summary>One model of servo.</summary>
/// <param name="Number">As it tells it.</param>
/// <param name="Name">As its maker calls it.</param>
/// <param name="Milliamperes">What a step of its current is; 0 for a model that tells none.</param>
internal sealed record ServoModel(int Number, string Name, double Milliamperes);
