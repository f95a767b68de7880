global using OnlineRlhf.EndToEnd.Tests.Driver;
global using Variables = System.Collections.Generic.Dictionary<string, string>;
