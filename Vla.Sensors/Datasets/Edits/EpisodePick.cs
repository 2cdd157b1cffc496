namespace Vla.Sensors.Datasets.Edits;

/// <summary>An episode that an edited dataset takes over.</summary>
/// <param name="Source">Where it is now; stays open for as long as the edit takes.</param>
/// <param name="Episode">Which.</param>
internal readonly record struct EpisodePick(LeRobotDataset Source, DatasetEpisode Episode);
